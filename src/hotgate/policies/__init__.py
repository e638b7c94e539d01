"""What happens to a request on its way, one file per policy: its pydantic model, its compile step, its function.

Imports pipeline and below. To add a built-in policy, write a file like `authorize.py` and name it in POLICIES; a kind
of credential goes into MECHANISMS. Policies that users write in Python come through `user.py`.
"""

from hotgate.policies import (
    anonymous,
    api_key,
    assertion,
    authenticate,
    authorize,
    client_certificate_header,
    headers,
    introspection,
    jwt,
    mtls,
    protected_resource,
    rate_limit,
    user,
)
from hotgate.policies.oidc import oidc
from hotgate.policies.passwords import basic, ldap
from hotgate.policies.signatures import hmac, signature

POLICIES = (
    authenticate.POLICY,
    authorize.POLICY,
    rate_limit.POLICY,
    headers.POLICY,
    assertion.POLICY,
    client_certificate_header.POLICY,
    protected_resource.POLICY,
    user.POLICY,
)
MECHANISMS = (
    jwt.MECHANISM,
    introspection.MECHANISM,
    oidc.MECHANISM,
    api_key.MECHANISM,
    mtls.MECHANISM,
    basic.MECHANISM,
    ldap.MECHANISM,
    signature.MECHANISM,
    hmac.MECHANISM,
    anonymous.MECHANISM,
)
