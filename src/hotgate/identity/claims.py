"""The checks of a verified payload, one function per claim (RFC 7519 §4.1), and what it says about the caller.

A claim of the wrong JSON type is never converted: it is refused.
"""

from collections.abc import Mapping
from typing import Any

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.token_rules import TokenRules

_LATEST = 2.0**53  # seconds; the largest number that all JSON parsers agree on (RFC 7493 §2.2)

Claims = Mapping[str, Any]


def check(claims: Claims, rules: TokenRules, now: float) -> float:
    """Check all registered claims at `now` (epoch seconds); returns when the token ends, leeway included.

    Raises CredentialRefused with the code of the first thing that is wrong.
    """
    _check_issuer(claims, rules)
    _check_audience(claims, rules)
    expires = _check_times(claims, rules, now)
    for name in rules.required_claims:
        if find(claims, name) is None:
            raise malformed(f"claim {name} is missing")
    return expires


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
    names = value.split(" ") if isinstance(value, str) else _strings(value, name)
    return frozenset(names) - {""}


def roles(claims: Claims, name: str) -> frozenset[str]:
    """The roles: a list, or one role as a string. Raises CredentialRefused (token-malformed)."""
    value = find(claims, name)
    names = [value] if isinstance(value, str) else _strings(value, name)
    return frozenset(names) - {""}


def malformed(log_detail: str) -> CredentialRefused:
    """The refusal of a payload that is not what it should be."""
    return CredentialRefused("token-malformed", log_detail)


def _check_issuer(claims: Claims, rules: TokenRules) -> None:
    issuer = claims.get("iss")
    if "iss" in claims and not isinstance(issuer, str):
        raise malformed("iss is not a string")
    if issuer != rules.issuer:  # character by character, no normalisation (RFC 7519 §4.1.1, RFC 3986 §6.2.1)
        raise CredentialRefused("token-issuer-unknown", "another issuer, or none")


def _check_audience(claims: Claims, rules: TokenRules) -> None:
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else _strings(audience, "aud")
    if rules.audiences.isdisjoint(audiences):
        raise CredentialRefused("token-audience-mismatch", "made for another audience, or for none")


def _check_times(claims: Claims, rules: TokenRules, now: float) -> float:
    _numeric_date(claims, "iat")
    expires = _numeric_date(claims, "exp")
    if expires is None:
        raise malformed("no exp")
    if now >= expires + rules.leeway:  # "on or after" (RFC 7519 §4.1.4)
        raise CredentialRefused("token-expired", f"expired {now - expires:.0f} s ago")
    not_before = _numeric_date(claims, "nbf")
    if not_before is not None and now < not_before - rules.leeway:
        raise CredentialRefused("token-not-yet-valid", f"valid in {not_before - now:.0f} s")
    return expires + rules.leeway


def _numeric_date(claims: Claims, name: str) -> float | None:
    """Epoch seconds (RFC 7519 §2), None if the claim is missing. Raises CredentialRefused for anything but a number."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LATEST:
        raise malformed(f"{name} is not a time in seconds")
    return float(value)


def _strings(value: Any, name: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise malformed(f"{name} is not a string or a list of strings")
    return value
