"""The checks of a verified payload, one function per rule (RFC 7519 §4.1, RFC 9068 §4)."""

from math import inf

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.claim_mapping import strings, text
from hotgate.identity.tokens.claim_path import Claims, find
from hotgate.identity.tokens.jose_header import malformed
from hotgate.identity.tokens.token_rules import TokenRules

_LATEST = 2.0**53  # seconds; the largest number that all JSON parsers agree on (RFC 7493 §2.2)
_RFC_9068_CLAIMS = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")  # §2.2


def check(claims: Claims, rules: TokenRules, now: float) -> float:
    """Check everything at `now` (epoch seconds); returns when the token ends, leeway included.

    Raises CredentialRefused with the code of the first thing that is wrong.
    """
    rules.issuers.check(claims)
    return check_but_issuer(claims, rules, now)


def check_but_issuer(claims: Claims, rules: TokenRules, now: float) -> float:
    """The same for claims whose origin is known otherwise."""
    _check_kind(claims)
    check_audience(claims, rules)
    _check_client(claims, rules)
    expires = check_times(claims, rules, now)
    check_presence(claims, rules)
    check_values(claims, rules)
    return expires


def _check_kind(claims: Claims) -> None:
    """Issuers tell of events with the keys that they make tokens with. A logout token need not say in its `typ` that it
    is one (Back-Channel Logout 1.0 §2.4); what all of them have is `events` (RFC 8417 §2.2, §4.5)."""
    if isinstance(claims.get("events"), dict):
        raise malformed("it tells of an event, not of who calls")


def check_audience(claims: Claims, rules: TokenRules) -> None:
    """Refuse what was made for somebody else. Raises CredentialRefused."""
    if rules.audiences is None:
        return
    audience = claims.get(rules.audience_claim)
    audiences = [audience] if isinstance(audience, str) else strings(audience, rules.audience_claim)
    if rules.audiences.isdisjoint(audiences):
        raise CredentialRefused("token-audience-mismatch", "made for another audience, or for none")


def _check_client(claims: Claims, rules: TokenRules) -> None:
    if rules.clients is not None and rules.mapping.client_of(claims) not in rules.clients:
        raise CredentialRefused("token-client-unknown", "issued to another client, or to none")


def check_times(claims: Claims, rules: TokenRules, now: float) -> float:
    """When it ends, leeway included. Raises CredentialRefused for what has ended or not begun."""
    expires = numeric_date(claims, "exp")
    if expires is None:
        if not rules.may_lack_exp:
            raise malformed("no exp")
        expires = inf
    end = min(expires, _latest_use(claims, rules, expires, now)) + rules.leeway
    if now >= end:  # "on or after" (RFC 7519 §4.1.4)
        raise CredentialRefused("token-expired", f"ended {now - end + rules.leeway:.0f} s ago")
    not_before = numeric_date(claims, "nbf")
    if not_before is not None and now < not_before - rules.leeway:
        raise CredentialRefused("token-not-yet-valid", f"valid in {not_before - now:.0f} s")
    return end


def _latest_use(claims: Claims, rules: TokenRules, expires: float, now: float) -> float:
    """When a token is too old, whatever its `exp` says."""
    issued = numeric_date(claims, "iat")
    if issued is None:
        if rules.max_age is not None or rules.max_lifetime is not None:
            raise malformed("no iat, which its age is counted from")
        return expires
    if issued > now + rules.leeway:  # issued tomorrow: it would be young for ever
        raise CredentialRefused("token-not-yet-valid", f"issued in {issued - now:.0f} s")
    if rules.max_lifetime is not None and expires - issued > rules.max_lifetime:
        raise malformed("made to last longer than max_lifetime")
    return expires if rules.max_age is None else issued + rules.max_age


def check_presence(claims: Claims, rules: TokenRules) -> None:
    """Refuse what lacks a claim that must be there. Raises CredentialRefused."""
    for name in rules.required_claims:
        if find(claims, name) is None:
            raise malformed(f"claim {name} is missing")
    for name in _RFC_9068_CLAIMS if rules.is_rfc9068 else ():
        if claims.get(name) is None:
            raise malformed(f"claim {name} is missing, which RFC 9068 requires")
    for name in ("jti", "sid"):  # what a token is revoked by
        text(claims, (name,))
    if rules.is_single_use and claims.get("jti") is None:
        raise malformed("no jti, which a token for single use needs")


def check_values(claims: Claims, rules: TokenRules) -> None:
    """A claim with another value belongs to a token for another purpose, or for somebody else: nobody to let in.

    Of a list one member is enough.
    """
    for name, allowed in rules.allowed_values:
        value = find(claims, name)
        values = value if isinstance(value, list) else [value]
        if not any(type(each) is type(one) and each == one for each in values for one in allowed):  # 1 is not true
            raise malformed(f"claim {name} has none of the allowed values")


def numeric_date(claims: Claims, name: str) -> float | None:
    """Epoch seconds (RFC 7519 §2), None if the claim is missing. Raises CredentialRefused for anything but a number."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LATEST:
        raise malformed(f"{name} is not a time in seconds")
    return float(value)


def is_addressed(unverified: Claims, rules: TokenRules) -> bool:
    """Whether a token of the right issuer is meant for these rules rather than for others with the same issuer."""
    try:
        check_audience(unverified, rules)
        _check_client(unverified, rules)
    except CredentialRefused:
        return False
    return True
