"""What a session needs when it is looked at: new tokens from its provider, or its use written down."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from hotgate.http.headers import Field
from hotgate.identity.sessions.session import Session
from hotgate.policies.oidc.asking import Asking, Unanswered
from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.policies.oidc.session_keeping import Keeping

_BEFORE_EXPIRY = 10.0  # seconds: a token that ends on its way to the backend is of no use
_RETRY = 10.0  # seconds after a refresh that could not be made
_NOTED = 10  # times within its idle life the use of a session is written down
_AT_LEAST = 1.0  # seconds between two looks, however short a provider's tokens live


class Renewed(NamedTuple):
    """look_at: when to look again. fields: for the answer. must_be_told: every answer to the old cookie carries them,
    for what that one holds is of no use any more."""

    session: Session
    look_at: float
    fields: tuple[Field, ...] = ()
    must_be_told: bool = False


class SessionRenewal:
    """Of the sessions of one entry."""

    def __init__(self, settings: OidcSettings, keeping: Keeping, asking: Asking) -> None:
        self._idle = settings.session.idle
        self._forward = settings.forward
        self._keeping = keeping
        self._asking = asking

    async def renewed(self, value: bytes, session: Session, present: Iterable[str], now: float) -> Renewed | None:
        """A good session as it goes on; None if its provider has ended it. Raises Unanswered, TooLarge."""
        if self._is_token_over(session, now):
            return await self._refreshed(value, session, present, now)
        if now >= session.seen + self._idle / _NOTED:
            return await self._noted(value, session.used(now), present, now)
        return Renewed(session, self._next_look(session, now))

    async def _refreshed(self, value: bytes, session: Session, present: Iterable[str], now: float) -> Renewed | None:
        if session.tokens.refresh is None:
            return None
        try:
            answer = await self._asking.provider("oidc.refresh", {"session": session.value})
        except Unanswered:
            answer = {"error": "unanswered"}
        if answer.get("over"):
            return None
        if "session" not in answer:
            return self._unchanged(session, now, _AT_LEAST if answer.get("error") == "elsewhere" else _RETRY)
        new = session.renewed(answer["session"], now)
        fields = await self._keeping.write_back(value, new, present)
        # None: another worker was faster, and the session that is kept now is as good as this one.
        return Renewed(new, self._next_look(new, now), fields or (), bool(fields))

    def _unchanged(self, session: Session, now: float, wait: float) -> Renewed:
        """The provider is down, or another node asks it just now: who needs nothing new of it goes on."""
        expires = session.tokens.access_expires
        if self._forward == "access_token" and expires is not None and now >= expires:
            raise Unanswered("the provider gives no new access token")
        return Renewed(session, now + wait)

    async def _noted(self, value: bytes, session: Session, present: Iterable[str], now: float) -> Renewed:
        try:
            fields = await self._keeping.note_use(value, session, present)
        except Unanswered:
            return Renewed(session, now + _RETRY)
        return Renewed(session, self._next_look(session, now), fields)

    def _is_token_over(self, session: Session, now: float) -> bool:
        tokens = session.tokens
        is_needed = tokens.refresh is not None or self._forward == "access_token"
        return is_needed and tokens.access_expires is not None and now >= tokens.access_expires - _BEFORE_EXPIRY

    def _next_look(self, session: Session, now: float) -> float:
        looks: list[float] = [session.absolute_end, session.seen + self._idle / _NOTED]
        tokens: Any = session.tokens
        if tokens.access_expires is not None and (tokens.refresh is not None or self._forward == "access_token"):
            looks.append(tokens.access_expires - _BEFORE_EXPIRY)
        return max(min(looks), now + _AT_LEAST)
