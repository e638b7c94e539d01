"""What a backend is told of a caller in a signed form, so that it need not trust the way on which the request came.

An assertion says who calls and for which backend it is meant; it says nothing about the request. So one serves all
requests of a caller until half of its life is over, and signing costs nothing to most of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from hotgate.http.headers import Field
from hotgate.http.reserved import ASSERTION_FIELD
from hotgate.identity.principal import Principal
from hotgate.identity.tokens.claim_path import find
from hotgate.keys.key_ring import KeyRing, RingHolder

# Nobody takes it for an access token, an ID token or the like: they have types of their own (RFC 8725 §3.11).
ASSERTION_TYPE = "hotgate-assertion+jwt"
MAX_BYTES = 7 * 1024  # with its name it fits into the 8 KiB that nginx and Gunicorn take in one field
_MAX_KEPT = 16  # assertions of one principal: one for each backend and set of claims


class AssertionTooLarge(ValueError):
    """The caller has more groups, roles or claims than fit; a part of them could be somebody else's."""


class SigningImpossible(Exception):
    """The worker has no key."""


@dataclass(frozen=True, slots=True)
class AssertionTerms:
    """claims: names (or dotted paths) of the principal's claims to pass on. lifetime: seconds."""

    issuer: str
    audience: str
    claims: tuple[str, ...]
    lifetime: float


class KeptAssertion(NamedTuple):
    """A field that is good from `since` to `until` (epoch seconds), as long as `ring` is the one in force."""

    ring: KeyRing
    since: float
    until: float
    field: Field


class AssertionSigner:
    """Signs on fixed terms. clock: epoch seconds."""

    def __init__(self, terms: AssertionTerms, signing: RingHolder, clock: Callable[[], float]) -> None:
        self._terms = terms
        self._signing = signing
        self._clock = clock
        self._kept_as = repr(terms)  # equal terms share what is kept, also after a reload

    def field_for(self, principal: Principal) -> Field:
        """The header field that tells a backend of this caller. Raises AssertionTooLarge, SigningImpossible.

        It is kept with the principal itself, so that nobody can be given that of another.
        """
        kept = principal.assertions.get(self._kept_as)
        if kept is not None and kept.ring is self._signing.ring and kept.since <= self._clock() < kept.until:
            return kept.field
        return self._sign_and_keep(principal).field

    def _sign_and_keep(self, principal: Principal) -> KeptAssertion:
        ring = self._signing.ring
        if ring is None:
            raise SigningImpossible
        now = self._clock()
        expires, renewed = now + self._terms.lifetime, now + self._terms.lifetime / 2
        if principal.expires is not None and principal.expires < expires:
            expires = renewed = principal.expires  # a new one would live no longer
        token = ring.signing_at(now).signed(ASSERTION_TYPE, _claims(principal, self._terms, now, expires))
        if len(token) > MAX_BYTES:
            raise AssertionTooLarge(f"the assertion of a caller has more than {MAX_BYTES} bytes")
        until = min(renewed, float(int(expires)), ring.next_change(now))
        if len(principal.assertions) >= _MAX_KEPT:
            principal.assertions.clear()
        kept = principal.assertions[self._kept_as] = KeptAssertion(ring, now, until, (ASSERTION_FIELD, token))
        return kept


def _claims(principal: Principal, terms: AssertionTerms, now: float, expires: float) -> dict[str, Any]:
    """Names as in RFC 9068 where it has one. What an issuer calls `aud` or `roles` stays apart, in `claims`."""
    told: dict[str, Any] = {
        "iss": terms.issuer,
        "aud": terms.audience,
        "sub": principal.subject,
        "iat": int(now),
        "nbf": int(now),
        "exp": int(expires),
        "provider": principal.provider,
        "mechanism": principal.mechanism,
    }
    optional = {
        "client_id": principal.client,
        "tenant": principal.tenant,
        "tier": principal.tier,
        # No scope holds a space (RFC 6749 §3.3): in this text, one that does would be two.
        "scope": " ".join(sorted(scope for scope in principal.scopes if " " not in scope)),
        "roles": sorted(principal.roles),
        "groups": sorted(principal.groups),
        "claims": _chosen(principal, terms.claims),
    }
    return {**told, **{name: value for name, value in optional.items() if value}}


def _chosen(principal: Principal, names: tuple[str, ...]) -> dict[str, Any]:
    found = {name: find(principal.claims, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}
