"""A security event token (RFC 8417), verified. Begin with `verified_events`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hotgate.identity.events.ended import Ended
from hotgate.identity.events.event_subject import invalid, read_subject
from hotgate.identity.events.event_types import ended_by
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.claim_mapping import strings, text
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.identity.tokens.signature import signing_key
from hotgate.identity.tokens.token_checks import numeric_date
from hotgate.identity.verification_keys.key_set import KeySet

MAX_SET_BYTES = 64 * 1024
MAX_EVENTS = 16  # in one token; Shared Signals allows one (SSF 1.0 §4.1.3)
_TYPES: frozenset[str | None] = frozenset({"secevent+jwt"})  # RFC 8417 §2.3: so no other token passes for one
_MAX_TYPE = 512  # characters of an event's type


@dataclass(frozen=True, slots=True)
class SetRules:
    """issuer, audiences: what it must say. subject_issuers: whose subjects it may speak of. Times: seconds."""

    issuer: str
    audiences: frozenset[str]
    subject_issuers: frozenset[str]
    algorithms: frozenset[str]
    leeway: float
    max_age: float


class SecurityEvents(NamedTuple):
    """types: of all events. ended: what they end. unmapped: types that end something which cannot be found by what
    their subject says. issued: epoch seconds. txn: what the transmitter calls the cause of it all, or None."""

    jti: str
    issued: float
    txn: str | None
    types: tuple[str, ...]
    ended: tuple[Ended, ...]
    unmapped: tuple[str, ...]


def verified_events(token: bytes, rules: SetRules, keys: KeySet, now: float) -> SecurityEvents:
    """What a token tells. now: epoch seconds. Raises CredentialRefused, and KeySetUnavailable without any keys."""
    if len(token) > MAX_SET_BYTES:
        raise invalid(f"more than {MAX_SET_BYTES} bytes")
    compact = CompactToken(token, _TYPES)
    signing_key(compact, keys, rules.algorithms)
    claims = compact.unverified_claims()  # verified by now
    _check_issuer_and_audience(claims, rules)
    issued = _issued(claims, rules, now)
    jti = text(claims, ("jti",))
    if jti is None:
        raise invalid("no jti")
    events = _events(claims)
    ended, unmapped = [], []
    for event_type, payload in events.items():
        found = list(_ended(event_type, payload, claims, rules, issued))
        ended += found
        if not found and ended_by(event_type, payload):
            unmapped.append(event_type)
    return SecurityEvents(
        jti, issued, text(claims, ("txn",)), tuple(events), tuple(dict.fromkeys(ended)), tuple(unmapped)
    )


def _check_issuer_and_audience(claims: Mapping[str, Any], rules: SetRules) -> None:
    if claims.get("iss") != rules.issuer:
        raise CredentialRefused("token-issuer-unknown", "its iss is not the transmitter's")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else strings(audience, "aud")
    if rules.audiences.isdisjoint(audiences):
        raise CredentialRefused("token-audience-mismatch", "made for another receiver, or for none")


def _issued(claims: Mapping[str, Any], rules: SetRules, now: float) -> float:
    issued = numeric_date(claims, "iat")
    if issued is None:
        raise invalid("no iat")
    if issued > now + rules.leeway:
        raise invalid("issued in the future")
    if issued < now - rules.max_age:
        raise invalid("issued longer ago than max_age")
    expires = numeric_date(claims, "exp")  # not recommended (RFC 8417 §2.2), but it counts where it is
    if expires is not None and now >= expires + rules.leeway:
        raise invalid("expired")
    return issued


def _events(claims: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    events = claims.get("events")
    if not isinstance(events, dict) or not 0 < len(events) <= MAX_EVENTS:
        raise invalid(f"not 1 to {MAX_EVENTS} events")
    if not all(isinstance(payload, dict) and len(name) <= _MAX_TYPE for name, payload in events.items()):
        raise invalid("an event is not an object, or its type is very long")
    return events


def _ended(
    event_type: str, payload: Mapping[str, Any], claims: Mapping[str, Any], rules: SetRules, issued: float
) -> Iterator[Ended]:
    """A session ends as it is. Of a user ends what was issued until it happened: they may log in again."""
    scope = ended_by(event_type, payload)
    if not scope:
        return
    # SSF 1.0 §4.1.1 says `sub_id`; before that each event had a subject of its own, and before that a `sub` of the SET.
    named = claims.get("sub_id", payload.get("subject"))
    if named is None:
        named = {"format": "iss_sub", "iss": claims["iss"], "sub": claims.get("sub")}
    subject = read_subject(named, rules.subject_issuers)
    if scope == "session" and subject.session:
        yield from (Ended(kind, value, None) for kind, value in subject.session)
        return
    happened = min(_happened(payload, issued), issued)
    for kind, value in subject.user:
        yield Ended(kind, value, happened)


def _happened(payload: Mapping[str, Any], issued: float) -> float:
    """CAEP 1.0 §2: `event_timestamp` in seconds; without it, when the token was issued."""
    happened = numeric_date(payload, "event_timestamp")
    return issued if happened is None else happened
