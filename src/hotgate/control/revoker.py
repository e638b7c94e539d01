"""Ends what somebody has: refuses tokens and sessions by a revocation, and forgets the sessions that are kept.

The revocation is what counts: every worker sees it within a second, and no cookie or token passes it. Only when it is
stored has anything ended. To forget the kept session as well saves room.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hotgate.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hotgate.store.records import Revocation
    from hotgate.store.sessions.session_store import SessionStore
    from hotgate.store.store import Store

_log = logging.getLogger("hotgate.store")

CLOCK_SKEW = 30.0  # seconds by which the clock of a provider may be behind


class Revoker:
    """store: gives the one in force, or None. kept: where each provider's sessions are, for those that keep any."""

    def __init__(self, store: Callable[[], Store | None], kept: Callable[[], Mapping[str, SessionStore]]) -> None:
        self._store = store
        self._kept = kept

    async def revoke(self, revocations: Sequence[Revocation], now: float) -> int:
        """Returns how many kept sessions were forgotten. Raises StoreUnavailable and InvalidRecord; then nothing has
        ended, and whoever asked must ask again."""
        store = self._store()
        if store is None:
            raise StoreUnavailable("there is no store for revocations")
        if not revocations:
            return 0
        await store.strengthen(revocations)
        return sum([await self._forget(each, now) for each in revocations])

    async def _forget(self, revocation: Revocation, now: float) -> int:
        sessions = self._kept().get(revocation.provider)
        if sessions is None:
            return 0
        try:
            return await _forgotten(sessions, revocation, now)
        except StoreUnavailable as error:
            _log.warning("ended sessions of %s are kept for now, but not accepted: %s", revocation.provider, error)
            return 0


def issued_before(happened: float, now: float) -> float:
    """For what ends all that was issued until something happened, by the clock of who tells of it: `before`.

    Sessions begin by our clock, which may be ahead of that one, so what began until now counts as earlier if it is
    news; whoever tells of it again later ends nothing that began since.
    """
    return max(happened + 1.0, min(now, happened + CLOCK_SKEW))


async def _forgotten(sessions: SessionStore, revocation: Revocation, now: float) -> int:
    provider, value, before = revocation.provider, revocation.value, revocation.before
    if revocation.kind == "sub":
        return await sessions.end_matching(provider, subject=value, before=before)
    if revocation.kind == "sid":
        return await sessions.end_matching(provider, sid=value, before=before)
    if revocation.kind == "jti" and (session := await sessions.find(provider, value, now)) is not None:
        await sessions.end(provider, session.digest)
        return 1
    return 0
