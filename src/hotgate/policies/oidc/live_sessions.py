"""The sessions of one entry, as requests meet them: known ones at once, others looked at, renewed, or over.

A session is looked at when its cookie is new to the worker, when its use must be noted, and when its access token ends;
once for all requests that wait (single flight). Where nobody answers, a session that is known goes on.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

from hotgate.http.headers import Field, InvalidHeader
from hotgate.http.request import Request
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.sessions.cookies import MAX_CHUNKS, clear_cookie, joined, own_cookies
from hotgate.identity.sessions.session import Session
from hotgate.identity.sessions.session_cache import CachedSession, SessionCache
from hotgate.identity.tokens.revocations import Revocations
from hotgate.policies.oidc.asking import Asking, Unanswered
from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.policies.oidc.session_keeping import Keeping, Kept
from hotgate.policies.oidc.session_renewal import Renewed, SessionRenewal
from hotgate.store.errors import StoreUnavailable

MECHANISM_NAME = "oidc"

_OF_THE_LOGIN = frozenset({"nonce", "at_hash", "c_hash"})  # what binds an ID token to its login is no fact about a user
_CHUNKS = frozenset({"", *map(str, range(1, MAX_CHUNKS))})


class Look(NamedTuple):
    """fields: for the answer to this request."""

    entry: CachedSession
    fields: tuple[Field, ...]


class LiveSessions:
    """name: of the entry's cookies. now: epoch seconds."""

    def __init__(
        self,
        entry: str,
        name: str,
        settings: OidcSettings,
        keeping: Keeping,
        asking: Asking,
        revocations: Revocations,
        now: Callable[[], float],
    ) -> None:
        self.name = name
        self._entry = entry
        self._mapping = settings.claims.mapping()
        self._idle, self._absolute = settings.session.idle, settings.session.absolute
        self._forward = settings.forward
        self._keeping = keeping
        self._renewal = SessionRenewal(settings, keeping, asking)
        self._asking = asking
        self._revocations = revocations
        self._now = now
        self._flights: dict[bytes, asyncio.Task[Look | None]] = {}
        self._cache = SessionCache(revocations, settings.session.idle)

    def known(self, value: bytes) -> CachedSession | None:
        """The session of a cookie's value, if nothing must be looked at first."""
        return self._cache.get(value, self._now())

    async def look(self, value: bytes, present: Iterable[str]) -> Look | None:
        """The same after a look; None if it is over, or never was one. present: the parts of cookies there are.

        Raises Unanswered, StoreUnavailable and TooLarge.
        """
        flight = self._flights.get(value)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(self._looked_at(value, tuple(present)))
            self._flights[value] = flight
            flight.add_done_callback(lambda done: self._landed(value, done))
        try:
            return await asyncio.shield(flight)
        finally:
            del flight  # what it raises knows this frame: no reference cycle is left

    async def begin(self, session: Session, present: Iterable[str]) -> tuple[Field, ...]:
        """The fields that give the browser a new session.

        Raises CredentialRefused, InvalidHeader, TooLarge, NoRoom, Unanswered.
        """
        self._principal(session)  # before anything is kept: claims that name nobody make no session
        return await self._keeping.begin(session, present)

    async def end(self, kept: Kept) -> None:
        """End a session that another one takes the place of. Raises Unanswered."""
        session = kept.session
        body = {"id": session.id, "digest": kept.digest, "subject": None, "sid": None, "expires": session.absolute_end}
        await self._asking.own("session.end", body)

    async def session_of(self, request: Request) -> Kept | None:
        """The session that a request comes with, as it is. Raises Unanswered."""
        value = joined(own_cookies(request, self.name) or {})
        kept = None if value is None else await self._found(value)
        try:
            return kept if kept is not None and self._is_good(kept.session) else None
        except StoreUnavailable as error:
            raise Unanswered(str(error)) from error

    def removal(self, request: Request) -> tuple[Field, ...]:
        """The fields that remove every cookie of the entry that the browser has."""
        parts = own_cookies(request, self.name)
        return self._cleared([""] if parts is None else parts)

    def session_removal(self, parts: Iterable[str] | None) -> tuple[Field, ...]:
        """The fields that remove a session, and leave logins that are under way. parts: there are; None: who knows."""
        return self._cleared(_CHUNKS if parts is None else [part for part in parts if part in _CHUNKS])

    def _cleared(self, parts: Iterable[str]) -> tuple[Field, ...]:
        return tuple(clear_cookie(f"{self.name}~{part}" if part else self.name) for part in parts)

    def _landed(self, value: bytes, flight: "asyncio.Task[Look | None]") -> None:
        self._flights.pop(value, None)
        if not flight.cancelled():
            flight.exception()  # whoever waited was told; if nobody waits any more, nobody need be

    async def _looked_at(self, value: bytes, present: tuple[str, ...]) -> Look | None:
        try:
            kept = await self._found(value)
        except Unanswered:
            if (entry := self._cache.prolong(value, self._now())) is not None:
                return Look(entry, entry.fields)
            raise
        version = self._revocations.version
        renewed = None
        if kept is not None and self._is_good(kept.session):
            renewed = await self._renewal.renewed(value, kept.session, present, self._now())
        if renewed is None or (principal := self._principal_or_none(renewed.session)) is None:
            self._cache.drop(value)
            return None
        entry = self._remembered(value, renewed, principal, version)
        return Look(entry, renewed.fields)

    async def _found(self, value: bytes) -> Kept | None:
        kept = await self._keeping.found(value)
        return None if kept is None else Kept(kept.session.limited(self._absolute), kept.digest)

    def _remembered(self, value: bytes, renewed: Renewed, principal: Principal, version: int) -> CachedSession:
        entry = CachedSession(
            renewed.session,
            principal,
            look_at=renewed.look_at,
            version=version,
            fields=renewed.fields if renewed.must_be_told else (),
        )
        self._cache.put(value, entry)
        return entry

    def _is_good(self, session: Session) -> bool:
        """Neither over nor revoked. Raises StoreUnavailable."""
        return not session.is_over(self._now(), self._idle) and not self._revocations.is_revoked(
            self._entry, session.id, session.subject, session.sid, None, session.created
        )

    def _principal(self, session: Session) -> Principal:
        """Raises CredentialRefused where the claims name nobody, InvalidHeader where a token is none."""
        claims = {name: claim for name, claim in session.claims.items() if name not in _OF_THE_LOGIN}
        claims.setdefault("sub", session.subject)
        for name, value in (("acr", session.acr), ("auth_time", session.auth_time)):
            if value is not None:
                claims[name] = value
        end = session.absolute_end
        principal = self._mapping.principal(self._entry, claims, session.id, end, mechanism=MECHANISM_NAME)
        if self._forward != "none":
            principal.forwarded = session.tokens.authorization(self._forward)
        return principal

    def _principal_or_none(self, session: Session) -> Principal | None:
        try:
            return self._principal(session)
        except (CredentialRefused, InvalidHeader):
            return None  # the configuration wants other claims or tokens than it did at the login
