"""The checks of a verified payload, one function per claim (RFC 7519 §4.1).

A claim of the wrong JSON type is never converted: it is refused.
"""

from hotgate.identity.claim_mapping import malformed, strings
from hotgate.identity.claim_path import Claims, find
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.token_rules import TokenRules

_LATEST = 2.0**53  # seconds; the largest number that all JSON parsers agree on (RFC 7493 §2.2)


def check(claims: Claims, rules: TokenRules, now: float) -> float:
    """Check all registered claims at `now` (epoch seconds); returns when the token ends, leeway included.

    Raises CredentialRefused with the code of the first thing that is wrong.
    """
    rules.issuers.check(claims)
    _check_audience(claims, rules)
    expires = _check_times(claims, rules, now)
    for name in rules.required_claims:
        if find(claims, name) is None:
            raise malformed(f"claim {name} is missing")
    _check_values(claims, rules)
    return expires


def _check_audience(claims: Claims, rules: TokenRules) -> None:
    audience = claims.get(rules.audience_claim)
    audiences = [audience] if isinstance(audience, str) else strings(audience, rules.audience_claim)
    if rules.audiences.isdisjoint(audiences):
        raise CredentialRefused("token-audience-mismatch", "made for another audience, or for none")


def _check_values(claims: Claims, rules: TokenRules) -> None:
    """A claim with another value belongs to a token for another purpose, or for somebody else: nobody to let in."""
    for name, allowed in rules.allowed_values:
        value = find(claims, name)
        if not any(type(value) is type(one) and value == one for one in allowed):  # 1 is not true
            raise malformed(f"claim {name} has none of the allowed values")


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
