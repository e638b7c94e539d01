"""Keycloak. The keys are found through discovery."""

from collections.abc import Sequence
from typing import Any


def expand(issuer: Sequence[str], audience: Sequence[str]) -> dict[str, Any]:
    """issuer: of the realm. audience: the clients that stand for the API; their roles count besides those of the realm.

    Every kind of token is signed with one key, so `typ` among the claims is what keeps ID tokens out; access tokens
    that are bound to a key (RFC 9449) have one of their own. Groups are paths; they lose the slash before the first.
    """
    if any("/realms/" not in each for each in issuer):
        raise ValueError("the issuer of a Keycloak realm ends with /realms/ and the realm's name")
    return {
        "claim_values": {"typ": ["Bearer", "DPoP"]},
        "scopes": "scope",
        "roles": ["realm_access.roles", *(f"resource_access.{client}.roles" for client in audience)],
        "groups": {"from": "groups", "strip_prefix": "/"},
        "client": "azp",
    }
