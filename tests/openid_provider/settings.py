"""What the provider is told when it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SECRET = "a-secret-of-the-tests-with-32-bytes-or-more"
API, OPAQUE_API = "https://api.example.com", "https://opaque.example.com"
STRONG = "mfa"

_USERS = {
    "alice": {
        "name": "Alice Archer",
        "email": "alice@example.com",
        "email_verified": True,
        "groups": ["staff", "admins"],
    },
    "bob": {"name": "Bob Baker", "email": "bob@example.com", "email_verified": False, "groups": ["staff"]},
}
_SCOPES = "orders:read orders:write"


def client(client_id: str, *redirect_uris: str, **metadata: Any) -> dict[str, Any]:
    """A client with SECRET that signs users in. metadata: as RFC 7591 and the logout specifications name it."""
    return {
        "client_id": client_id,
        "client_secret": SECRET,
        "redirect_uris": redirect_uris,
        "grant_types": ["authorization_code", "refresh_token"],
        **metadata,
    }


def public_client(client_id: str, *redirect_uris: str, **metadata: Any) -> dict[str, Any]:
    """A client without a secret."""
    made = client(client_id, *redirect_uris, token_endpoint_auth_method="none", **metadata)
    return {name: value for name, value in made.items() if name != "client_secret"}


def service(client_id: str, **metadata: Any) -> dict[str, Any]:
    """A client with SECRET that acts for itself (RFC 6749 §4.4), and asks about tokens (RFC 7662)."""
    return client(client_id, grant_types=["client_credentials"], response_types=[], **metadata)


@dataclass(frozen=True)
class Settings:
    """clients: of `client`, `public_client`, `service`. users: their claims by what they sign in as.

    resources: by indicator (RFC 8707): `scope`, `format` (jwt or opaque), `ttl` in seconds, `alg`. A token for none of
    them is opaque. default_resource: the one that is meant where none is named. token_claims: of users, that JWT access
    tokens and introspection say, too. acr_values: what logins can be, the weakest first; a login is as strong as it is
    asked to be. use_login_hint: whether who is named by it is signed in without a form. ttl, refresh_ttl: seconds. tls:
    `key`, `cert` and `ca` (PEM) of an https listener that takes client certificates (RFC 8705); then its host is
    `localhost`.
    """

    clients: Sequence[Mapping[str, Any]] = (service("service"),)
    users: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _USERS)
    resources: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {API: {"scope": _SCOPES}, OPAQUE_API: {"scope": _SCOPES, "format": "opaque"}}
    )
    default_resource: str | None = None
    scopes: Sequence[str] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    token_claims: Sequence[str] = ("groups",)
    acr_values: Sequence[str] = ("pwd", STRONG)
    use_login_hint: bool = True
    ttl: int = 300
    refresh_ttl: int = 3600
    rotate_refresh_tokens: bool = True
    pkce_required: bool = True
    dpop_nonce: bool = False
    tls: Mapping[str, str] | None = None
