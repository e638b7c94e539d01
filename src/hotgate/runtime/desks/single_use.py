"""Tokens that may be used once: claimed here for all workers, and in the store, if there is one, for all nodes."""

import time
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hotgate.runtime.desks.claim_book import ClaimBook, Verdict

if TYPE_CHECKING:
    from hotgate.store.store import Store

MAX_CLAIMS = 100_000  # that have not expired: 300 a second for five minutes


class SingleUse:
    """store: gives the store in force, or None. now: epoch seconds."""

    def __init__(self, store: "Callable[[], Store | None]", now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now
        self._book = ClaimBook(MAX_CLAIMS)

    async def claim(self, body: Any) -> bool:
        """True for the first claim of `{"provider", "jti", "expires"}`; false for later ones, or without room for it.

        Raises StoreUnavailable: then nobody may use the token, for another node may have.
        """
        provider, jti, expires = str(body["provider"]), str(body["jti"]), float(body["expires"])
        digest = _digest(provider, jti)
        store = self._store()
        # A store that cannot be asked has not used the token up: it is claimed here only when the store has said yes.
        if store is not None:
            can_be_first = self._book.verdict(digest, self._now()) is Verdict.FIRST
            if not (can_be_first and await store.claim(provider, jti, expires)):
                return False
        return self._book.claim(digest, expires, self._now()) is Verdict.FIRST

    async def look(self, body: Any) -> bool:
        """Whether a claim would be the first; nothing is claimed. Raises StoreUnavailable."""
        provider, jti = str(body["provider"]), str(body["jti"])
        if self._book.verdict(_digest(provider, jti), self._now()) is not Verdict.FIRST:
            return False
        store = self._store()
        return store is None or not await store.was_claimed(provider, jti)


def _digest(provider: str, jti: str) -> bytes:
    return sha256(f"{len(provider)}:{provider}{jti}".encode()).digest()
