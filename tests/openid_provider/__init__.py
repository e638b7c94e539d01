"""An OpenID Connect provider for tests: the certified `oidc-provider` from npm, in a process of its own on loopback.

`openid_provider()` runs one; `Settings` says what it knows: clients as RFC 7591 writes them, users, resources. From an
`OpenIdProvider` come tokens (`client_credentials`, `sign_in`) and trouble (`fault`, `rotate_keys`, `end_sessions`).
A flow through a gateway: give the URL that the gateway sends a browser to to a `UserAgent`, and take its answer back.

The program is in the `.mjs` files beside this one; start reading in `server.mjs`.
"""

from openid_provider.provider import OpenIdProvider, openid_provider
from openid_provider.settings import Settings, client, public_client, service
from openid_provider.user_agent import UserAgent

__all__ = ["OpenIdProvider", "Settings", "UserAgent", "client", "openid_provider", "public_client", "service"]
