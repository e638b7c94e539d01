"""What workers ask about sessions that are not in cookies, and how every kind of session ends."""

import time
from collections.abc import Callable
from typing import Any

from hotgate.control.revoker import Revoker
from hotgate.identity.base64url import decode, encode
from hotgate.runtime.desks.answers import Answers
from hotgate.runtime.desks.session_places import SessionPlaces
from hotgate.store.records import Revocation
from hotgate.store.sessions.kept_session import KeptSession
from hotgate.store.sessions.session_store import SessionsFull

ENDED = "ended by its user"


class Sessions:
    """The bodies are those of a worker: JSON types. Each answer may raise StoreUnavailable, and the worker hears that
    there is none: who is not known there cannot be let in."""

    def __init__(self, places: SessionPlaces, revoker: Revoker, now: Callable[[], float] = time.time) -> None:
        self._places = places
        self._revoker = revoker
        self._now = now

    def register(self, answers: Answers) -> None:
        """Answer questions about sessions from now on."""
        for name in ("create", "load", "replace", "touch", "end"):
            answers.register(f"session.{name}", getattr(self, name))

    async def create(self, body: Any) -> dict[str, Any]:
        """`{"version": 1}`, or `{"error": "session-store-full"}`."""
        now = self._now()
        session = KeptSession(
            provider=str(body["provider"]),
            digest=bytes.fromhex(body["digest"]),
            id=str(body["id"]),
            subject=str(body["subject"]),
            sid=None if body["sid"] is None else str(body["sid"]),
            sealed=decode(body["sealed"].encode("ascii")),
            created=now,
            last_seen=now,
            idle=float(body["idle"]),
            absolute_end=float(body["absolute_end"]),
        )
        try:
            await self._places.of(session.provider).create(session)
        except SessionsFull:
            return {"error": "session-store-full"}
        return {"version": session.version}

    async def load(self, body: Any) -> dict[str, Any] | None:
        """What is sealed and its version; None for nobody's session, or one that has ended."""
        provider = str(body["provider"])
        found = await self._places.of(provider).load(provider, bytes.fromhex(body["digest"]), self._now())
        if found is None:
            return None
        return {
            "sealed": encode(found.sealed).decode("ascii"),
            "version": found.version,
            "last_seen": found.last_seen,
        }

    async def replace(self, body: Any) -> dict[str, int] | None:
        """The new version; None when another worker was faster, or the session has ended."""
        provider, digest = str(body["provider"]), bytes.fromhex(body["digest"])
        sealed = decode(body["sealed"].encode("ascii"))
        version = await self._places.of(provider).replace(provider, digest, int(body["version"]), sealed)
        return None if version is None else {"version": version}

    async def touch(self, body: Any) -> bool:
        """Note when sessions were last used."""
        provider = str(body["provider"])
        used = {bytes.fromhex(digest): float(at) for digest, at in body["used"].items()}
        await self._places.of(provider).touch(provider, used, float(body["idle"]))
        return True

    async def end(self, body: Any) -> bool:
        """True once no worker will accept it: a cookie that was copied is worth nothing from then on."""
        provider, expires = str(body["provider"]), float(body["expires"])
        now = self._now()
        ended = Revocation("jti", provider, str(body["id"]), reason=ENDED, created=now, expires=expires)
        await self._revoker.revoke([ended], now)
        return True
