"""Microsoft Entra ID. The keys stand at a fixed address, as its metadata has an issuer per version and tenant."""

from collections.abc import Sequence
from typing import Any

ANY = "any"
_HOST = "https://login.microsoftonline.com"
# version → issuer, path of the keys, claim of the client. ID tokens have no such claim, so it keeps them out.
_VERSIONS = {
    "1": ("https://sts.windows.net/{tenantid}/", "discovery/keys", "appid"),
    "2": (_HOST + "/{tenantid}/v2.0", "discovery/v2.0/keys", "azp"),
}


def expand(tenants: Sequence[str], token_version: str = "2") -> dict[str, Any]:  # noqa: S107 (no password)
    """tenants: the ids whose tokens are accepted, or `any`. token_version: what the API's registration asks for.

    `oid` is one and the same for a user in every application of a tenant; `sub` differs from one to the next.
    """
    issuer, keys, client = _VERSIONS[token_version]
    authority = "common" if len(tenants) > 1 or ANY in tenants else tenants[0]
    return {
        "issuer": issuer,
        "jwks_url": f"{_HOST}/{authority}/{keys}",
        "required_claims": ["tid", client],
        "subject": "oid",
        "scopes": "scp",
        "tenant": "tid",
        "client": client,
    }
