"""What an introspection endpoint has answered, in one of three kinds, and which of it may be believed.

Everything here is about the answer itself: who gave it and whether it was meant for us. What it says of the token is
checked by the rules of the entry, in the worker.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from hotgate.control.download import FetchFailed
from hotgate.control.oauth.endpoint_call import Answer
from hotgate.identity import strict_json
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.compact_token import ACCESS_TOKEN_TYPES, CompactToken
from hotgate.identity.tokens.signature import signing_key
from hotgate.identity.tokens.token_checks import numeric_date
from hotgate.identity.verification_keys.key_set import KeySet

AnswerKind = Literal["json", "signed", "jwt"]

MAX_ANSWER = 64 * 1024  # bytes; a token with a thousand roles has a third of it
MEDIA_TYPES: dict[AnswerKind, str] = {
    "json": "application/json",
    "signed": "application/token-introspection+jwt",
    "jwt": "application/jwt",
}

_SIGNED_TYPES: frozenset[str | None] = frozenset({"token-introspection+jwt"})  # RFC 9701 §5
_OLDEST = 60.0  # seconds since `iat` of a signed answer: one that was recorded earlier is no answer to us
_LEEWAY = 30.0


@dataclass(frozen=True, slots=True)
class Introspected:
    """claims: the members of an active token's answer as JSON. expires: its `exp`. jwt: the form that was signed."""

    is_active: bool
    claims: str = field(default="", repr=False)
    expires: float | None = None
    jwt: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """kind: the only one that is understood. issuer and client: who signs, and for whom. keys: the issuer's now."""

    kind: AnswerKind
    issuer: str
    client: str
    algorithms: frozenset[str]
    keys: Callable[[], KeySet]
    now: Callable[[], float] = time.time

    def read(self, answer: Answer) -> Introspected:
        """Raises FetchFailed for what is no answer, CredentialRefused and KeySetUnavailable for a bad signature."""
        if self.kind == "jwt" and (answer.status == 204 or answer.media_type == MEDIA_TYPES["json"]):
            return _no_token(answer)
        if answer.status != 200:
            raise FetchFailed(f"status {answer.status} instead of 200")
        if answer.media_type != MEDIA_TYPES[self.kind]:
            raise FetchFailed(f"the answer is not {MEDIA_TYPES[self.kind]}")
        if len(answer.body) > MAX_ANSWER:
            raise FetchFailed(f"more than {MAX_ANSWER} bytes")
        if self.kind == "json":
            return _introspected(_object(answer.body), answer.body.decode())
        token = CompactToken(answer.body.strip(), ACCESS_TOKEN_TYPES if self.kind == "jwt" else _SIGNED_TYPES)
        signing_key(token, self.keys(), self.algorithms)
        claims, jwt = token.unverified_claims(), answer.body.strip().decode("ascii")
        if claims.get("iss") != self.issuer:
            raise FetchFailed("it was signed for another issuer")
        return self._token_itself(token, claims, jwt) if self.kind == "jwt" else self._wrapped(claims, jwt)

    def _token_itself(self, token: CompactToken, claims: dict[str, Any], jwt: str) -> Introspected:
        return Introspected(is_active=True, claims=token.payload.decode(), expires=_expiry(claims), jwt=jwt)

    def _wrapped(self, claims: dict[str, Any], jwt: str) -> Introspected:
        """RFC 9701 §5: meant for us, made now, and what it says stands in a member of its own."""
        audience = claims.get("aud")
        if self.client not in (audience if isinstance(audience, list) else [audience]):
            raise FetchFailed("it is meant for another client")
        issued, now = numeric_date(claims, "iat"), self.now()
        if issued is None or not now - _OLDEST - _LEEWAY <= issued <= now + _LEEWAY:
            raise FetchFailed("it was not made now")
        members = claims.get("token_introspection")
        if not isinstance(members, dict):
            raise FetchFailed("no object `token_introspection`")
        return _introspected(members, json.dumps(members), jwt)


def _no_token(answer: Answer) -> Introspected:
    """Servers that give out the token itself say so where there is none: by 204, or as to anybody."""
    if answer.status == 204:
        return Introspected(is_active=False)
    if answer.status != 200 or _object(answer.body[:MAX_ANSWER]).get("active") is not False:
        raise FetchFailed("neither a token nor the word that there is none")
    return Introspected(is_active=False)


def _introspected(members: dict[str, Any], text: str, jwt: str = "") -> Introspected:
    active = members.get("active")
    if not isinstance(active, bool):  # RFC 7662 §2.2; "true" and 1 are true only to some
        raise FetchFailed("`active` is neither true nor false")
    if not active:
        return Introspected(is_active=False)
    return Introspected(is_active=True, claims=text, expires=_expiry(members), jwt=jwt)


def _expiry(claims: dict[str, Any]) -> float | None:
    try:
        return numeric_date(claims, "exp")
    except CredentialRefused:
        raise FetchFailed("`exp` is not a time in seconds") from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        return strict_json.parse_object(body)
    except ValueError:
        raise FetchFailed("the answer is not a JSON object") from None
