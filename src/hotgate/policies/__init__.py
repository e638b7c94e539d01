"""What happens to a request on its way. A policy is a file or folder: its settings, its compile step, its function.

Imports pipeline and below. To add a built-in policy, write a file like `headers.py` and name it in POLICIES; a kind
of credential goes into MECHANISMS. Policies that users write in Python come through `user.py`.
"""

from hotgate.policies import (
    assertion,
    authenticate,
    client_certificate_header,
    headers,
    protected_resource,
    user,
)
from hotgate.policies.authorization import authorize
from hotgate.policies.built_in_mechanism import BuiltInMechanism
from hotgate.policies.limits import concurrency, quota, rate_limit
from hotgate.policies.releases import mirror, release
from hotgate.policies.versions import version

POLICIES = (  # within a phase they run in this order: what `rate_limit` refuses costs nothing of a `quota`
    authenticate.POLICY,
    authorize.POLICY,
    assertion.POLICY,
    client_certificate_header.POLICY,
    concurrency.POLICY,
    headers.POLICY,
    mirror.POLICY,
    user.POLICY,
    protected_resource.POLICY,
    rate_limit.POLICY,
    quota.POLICY,
    release.POLICY,
    version.POLICY,
)
MECHANISMS = (
    BuiltInMechanism("jwt", "tokens.jwt"),
    BuiltInMechanism("introspection"),
    BuiltInMechanism("oidc", "oidc.oidc"),
    BuiltInMechanism("api_key"),
    BuiltInMechanism("mtls"),
    BuiltInMechanism("basic", "passwords.basic"),
    BuiltInMechanism("ldap", "passwords.ldap"),
    BuiltInMechanism("signature", "signatures.signature"),
    BuiltInMechanism("hmac", "signatures.hmac"),
    BuiltInMechanism("anonymous"),
)
