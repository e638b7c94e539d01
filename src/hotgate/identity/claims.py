"""What a verified payload says, claim by claim. One of the wrong JSON type is never converted: it is refused."""

from collections.abc import Mapping
from typing import Any

from hotgate.identity.jose_header import malformed

_LATEST = 2.0**53  # seconds; the largest number that all JSON parsers agree on (RFC 7493 §2.2)

MAX_NAME_LENGTH = 1024  # of what is kept and compared: a client, a token's or a session's identifier

Claims = Mapping[str, Any]


def find(claims: Claims, name: str) -> Any:
    """The claim of that very name, or what a dotted path leads to (`realm_access.roles`); None if there is nothing."""
    if name in claims:
        return claims[name]  # first, because names such as https://example.com/roles have dots
    value: Any = claims
    for member in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(member)
    return value


def subject(claims: Claims, name: str) -> str:
    """The caller's stable name. Raises CredentialRefused (token-malformed)."""
    value = find(claims, name)
    if not isinstance(value, str) or not value:
        raise malformed(f"{name} is not a string")
    return value


def scopes(claims: Claims, name: str | None) -> frozenset[str]:
    """The scopes: a string separated by spaces (RFC 8693 §4.2), or a list. Raises CredentialRefused."""
    if name is None:
        name = "scope" if "scope" in claims else "scp"
    value = find(claims, name)
    names = value.split(" ") if isinstance(value, str) else strings(value, name)
    return frozenset(names) - {""}


def roles(claims: Claims, name: str) -> frozenset[str]:
    """The roles: a list, or one role as a string. Raises CredentialRefused (token-malformed)."""
    value = find(claims, name)
    names = [value] if isinstance(value, str) else strings(value, name)
    return frozenset(names) - {""}


def client(claims: Claims) -> str | None:
    """The application that calls: `client_id` (RFC 9068 §2.2), or else `azp`. Raises CredentialRefused."""
    return text(claims, "client_id" if "client_id" in claims else "azp")


def text(claims: Claims, name: str) -> str | None:
    """A claim that is text of a sane length, or None if it is missing. Raises CredentialRefused (token-malformed)."""
    if name not in claims:
        return None
    value = claims[name]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_LENGTH:
        raise malformed(f"{name} is not a short string")
    return value


def numeric_date(claims: Claims, name: str) -> float | None:
    """Epoch seconds (RFC 7519 §2), None if the claim is missing. Raises CredentialRefused for anything but a number."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LATEST:
        raise malformed(f"{name} is not a time in seconds")
    return float(value)


def strings(value: Any, name: str) -> list[str]:
    """A list of strings; an empty one if there is nothing. name: to call it. Raises CredentialRefused."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise malformed(f"{name} is not a string or a list of strings")
    return value
