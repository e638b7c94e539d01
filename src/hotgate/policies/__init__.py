"""What happens to a request on its way. A policy is a file or folder: its settings, its compile step, its function.

Imports pipeline and below. To add a built-in policy, write a file like `headers.py` and name it in POLICIES; a kind
of credential goes into MECHANISMS. Policies that users write in Python come through `user.py`.
"""

from hotgate.policies.built_in import BuiltInMechanism, BuiltInPolicy

POLICIES = (  # within a phase they run in this order: what `rate_limit` refuses costs nothing of a `quota`
    BuiltInPolicy("authenticate"),
    BuiltInPolicy("authorize", "authorization.authorize"),
    BuiltInPolicy("buffer_body"),  # before what is made for the backend, which may not last until a body is here
    BuiltInPolicy("assertion"),
    BuiltInPolicy("client_certificate_header"),
    BuiltInPolicy("concurrency", "limits.concurrency"),
    BuiltInPolicy("headers"),
    BuiltInPolicy("mirror", "releases.mirror"),
    BuiltInPolicy("policies", "user"),
    BuiltInPolicy("protected_resource"),
    BuiltInPolicy("rate_limit", "limits.rate_limit"),
    BuiltInPolicy("quota", "limits.quota"),
    BuiltInPolicy("release", "releases.release"),
    BuiltInPolicy("version", "versions.version"),
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
