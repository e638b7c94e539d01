"""Of several nodes one renews a session: a refresh token that comes twice looks stolen (RFC 9700 §4.14.2)."""

import time
from collections.abc import Callable
from typing import Protocol

from hotgate.control.openid.failures import ProviderUnavailable, RenewedElsewhere
from hotgate.store.errors import StoreUnavailable

CLAIM_SECONDS = 15.0  # longer than a renewal can take
_MOST = 10_000  # claims that are remembered here


class SharedStore(Protocol):
    """What `store.Store` does for claims."""

    async def claim(self, provider: str, jti: str, expires: float) -> bool: ...


class RenewalClaims:
    """provider: the name of the entry. store: gives the store that nodes share; None where there is but one node."""

    def __init__(
        self, provider: str, store: Callable[[], SharedStore | None], now: Callable[[], float] = time.time
    ) -> None:
        self._purpose = f"renewal:{provider}"  # no entry of a configuration has such a name
        self._store = store
        self._now = now
        self._ours: dict[str, float] = {}

    async def claim(self, digest: str) -> None:
        """digest: of the refresh token. Raises RenewedElsewhere, ProviderUnavailable."""
        store, now = self._store(), self._now()
        if store is None or self._ours.get(digest, 0.0) > now:  # ours: the attempt before this one came to nothing
            return
        expires = now + CLAIM_SECONDS
        try:
            is_first = await store.claim(self._purpose, digest, expires)
        except StoreUnavailable:
            raise ProviderUnavailable("whether another node renews the session is not known") from None
        if not is_first:
            raise RenewedElsewhere("another node renews the session")
        self._remember(digest, expires, now)

    def _remember(self, digest: str, expires: float, now: float) -> None:
        if len(self._ours) >= _MOST:
            self._ours = {each: end for each, end in self._ours.items() if end > now}
        if len(self._ours) < _MOST:
            self._ours[digest] = expires
