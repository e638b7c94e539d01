"""Tokens that may be used once: claimed here for all workers, and in the store, if there is one, for all nodes."""

import heapq
import time
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotgate.store.store import Store

MAX_CLAIMS = 100_000  # that have not expired: 300 a second for five minutes


class SingleUse:
    """store: gives the store in force, or None. now: epoch seconds."""

    def __init__(self, store: "Callable[[], Store | None]", now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now
        self._claimed: set[bytes] = set()
        self._by_expiry: list[tuple[float, bytes]] = []

    async def claim(self, body: Any) -> bool:
        """True for the first claim of `{"provider", "jti", "expires"}`; false for later ones, or without room for it.

        Raises StoreUnavailable: then nobody may use the token, for another node may have.
        """
        provider, jti, expires = str(body["provider"]), str(body["jti"]), float(body["expires"])
        digest = sha256(f"{len(provider)}:{provider}{jti}".encode()).digest()
        store = self._store()
        # A store that cannot be asked has not used the token up: it is claimed here only when the store has said yes.
        if store is not None and not (self._has_room_for(digest) and await store.claim(provider, jti, expires)):
            return False
        return self._claim_here(digest, expires)

    def _claim_here(self, digest: bytes, expires: float) -> bool:
        if not self._has_room_for(digest):
            return False
        self._claimed.add(digest)
        heapq.heappush(self._by_expiry, (expires, digest))
        return True

    def _has_room_for(self, digest: bytes) -> bool:
        """Whether the token was not claimed here, and still can be."""
        self._forget_expired()
        return digest not in self._claimed and len(self._claimed) < MAX_CLAIMS

    def _forget_expired(self) -> None:
        now = self._now()
        while self._by_expiry and self._by_expiry[0][0] < now:
            self._claimed.discard(heapq.heappop(self._by_expiry)[1])
