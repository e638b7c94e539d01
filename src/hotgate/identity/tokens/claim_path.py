"""The way to a claim: its own name, or names joined by dots (`realm_access.roles`)."""

from collections.abc import Mapping
from typing import Any

Claims = Mapping[str, Any]


def find(claims: Claims, path: str) -> Any:
    """What `path` leads to; None if there is nothing.

    Names may hold dots themselves (`https://example.com/roles`, `resource_access.my.client.roles`): at each step the
    longest name that is there is taken. The path comes from the configuration, so its length bounds the work.
    """
    if path in claims:
        return claims[path]
    end = path.rfind(".")
    while end > 0:
        inner = claims.get(path[:end])
        if isinstance(inner, dict):
            return find(inner, path[end + 1 :])
        end = path.rfind(".", 0, end)
    return None
