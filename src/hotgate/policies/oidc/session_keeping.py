"""Where sessions are: sealed in the browser's cookies, or kept by the control process and named by a cookie."""

import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from hotgate.http.headers import Field
from hotgate.identity.sessions.cookies import SameSite, spread
from hotgate.identity.sessions.sealing import Sealing
from hotgate.identity.sessions.session import Session
from hotgate.policies.oidc.asking import Asking

_KEY_BYTES = 32


class Kept(NamedTuple):
    """digest: under which the session is kept on our side, in hexadecimal; None for one that is in its cookies."""

    session: Session
    digest: str | None


class Keeping(Protocol):
    """found: the session of a cookie's value, or None. begin: the Set-Cookie fields for a new one. write_back: the same
    for one that has changed; None when another request was faster. note_use: as write_back, when only its use is to be
    noted. present: the parts of cookies that the browser has.

    All may raise Unanswered.
    """

    async def found(self, value: bytes) -> Kept | None: ...

    async def begin(self, session: Session, present: Iterable[str]) -> tuple[Field, ...]: ...

    async def write_back(self, value: bytes, session: Session, present: Iterable[str]) -> tuple[Field, ...] | None: ...

    async def note_use(self, value: bytes, session: Session, present: Iterable[str]) -> tuple[Field, ...]: ...


class InCookies:
    """The session itself is in the cookies. name: of the first of them."""

    def __init__(self, name: str, sealing: Sealing, same_site: SameSite) -> None:
        self._name = name
        self._sealing = sealing
        self._same_site: SameSite = same_site

    async def found(self, value: bytes) -> Kept | None:
        """Whatever opens was written by a gateway; nobody need be asked."""
        session = _read(self._sealing.open(value))
        return None if session is None else Kept(session, None)

    async def begin(self, session: Session, present: Iterable[str]) -> tuple[Field, ...]:
        """Raises TooLarge."""
        return spread(self._name, self._sealing.seal(session.encoded()), self._same_site, present)

    async def write_back(self, value: bytes, session: Session, present: Iterable[str]) -> tuple[Field, ...] | None:
        """Raises TooLarge."""
        return await self.begin(session, present)

    async def note_use(self, value: bytes, session: Session, present: Iterable[str]) -> tuple[Field, ...]:
        """Raises TooLarge."""
        return await self.begin(session, present)


class OnOurSide:
    """The cookie is a random key: its digest finds the session, and no copy of what is kept opens without the key.

    It is sealed, so that nobody is asked about a key that was made up: the control process serves all workers.
    """

    def __init__(self, name: str, sealing: Sealing, same_site: SameSite, idle: float, asking: Asking) -> None:
        self._name = name
        self._sealing = sealing
        self._same_site: SameSite = same_site
        self._idle = idle
        self._asking = asking

    async def found(self, value: bytes) -> Kept | None:
        """The session of a key."""
        key = self._key(value)
        if key is None:
            return None
        digest = sha256(key).hexdigest()
        record = await self._asking.own("session.load", {"digest": digest})
        session = None if record is None else _read(self._sealing.open(str(record["sealed"]).encode("ascii"), key))
        if session is None:
            return None
        return Kept(session.recorded(int(record["version"]), float(record["last_seen"])), digest)

    async def begin(self, session: Session, present: Iterable[str]) -> tuple[Field, ...]:
        """Raises NoRoom."""
        key = secrets.token_bytes(_KEY_BYTES)
        body = {
            "id": session.id,
            "sid": session.sid,
            "subject": session.subject,
            "idle": self._idle,
            "absolute_end": session.absolute_end,
        }
        answer = await self._asking.own("session.create", {**self._sealed(key, session), **body})
        if "error" in answer:
            raise NoRoom(str(answer["error"]))
        return spread(self._name, self._sealing.seal(key), self._same_site, present)

    async def write_back(self, value: bytes, session: Session, present: Iterable[str]) -> tuple[Field, ...] | None:
        """The cookie stays as it is."""
        key = self._key(value)
        if key is None:
            return None
        body = {**self._sealed(key, session), "version": session.version}
        return None if await self._asking.own("session.replace", body) is None else ()

    async def note_use(self, value: bytes, session: Session, present: Iterable[str]) -> tuple[Field, ...]:
        """The cookie stays as it is."""
        if (key := self._key(value)) is not None:
            used = {sha256(key).hexdigest(): session.seen}
            await self._asking.own("session.touch", {"idle": self._idle, "used": used})
        return ()

    def _key(self, value: bytes) -> bytes | None:
        """That of a cookie; None for what no gateway has made, or with a key that is gone."""
        key = self._sealing.open(value)
        return key if key is not None and len(key) == _KEY_BYTES else None

    def _sealed(self, key: bytes, session: Session) -> dict[str, Any]:
        sealed = self._sealing.seal(session.encoded(), key).decode("ascii")
        return {"digest": sha256(key).hexdigest(), "sealed": sealed}


class NoRoom(Exception):
    """As many sessions are kept as may be."""


def _read(plain: bytes | None) -> Session | None:
    """What was sealed; None if it is of another version, which may write it otherwise."""
    try:
        return None if plain is None else Session.decoded(plain)
    except (KeyError, TypeError, ValueError):
        return None
