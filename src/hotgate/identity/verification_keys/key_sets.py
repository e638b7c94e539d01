"""All key sets of a worker, and how it asks the control process for fresher keys."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any

from hotgate.identity.verification_keys.key_set import KeySet

REFRESH_WAIT = 2.0  # seconds that a request may wait for fresher keys
REFRESH_INTERVAL = 10.0  # seconds between two questions about one set
MAX_WAITING = 1024  # requests that may wait for one set


def key_set_name(provider: str, location: str) -> str:
    """The name of the set of `provider`: another one when it moves, so that old keys never vouch for a new issuer.

    The location itself stays out of it, because names are logged and shown.
    """
    return f"{provider}@{sha256(location.encode()).hexdigest()[:8]}"


async def _nobody_to_ask(name: str) -> None:
    """Without a control process the keys stay as they are."""


class KeySets:
    """Key sets by name. They outlive configurations: a reload forgets no keys.

    request_refresh: set by the runtime; asks the control process for one set and resolves once the answer, if there
    was anything new, has been given to `replace`. clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, wait: float = REFRESH_WAIT) -> None:
        self.request_refresh: Callable[[str], Awaitable[None]] = _nobody_to_ask
        self._clock = clock
        self._wait = wait
        self._sets: dict[str, KeySet] = {}
        self._flights: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, int] = {}
        self._last_asked: dict[str, float] = {}

    def get(self, name: str) -> KeySet:
        """The set of that name, empty at first. Names come from the configuration only."""
        return self._sets.setdefault(name, KeySet(name))

    def replace(self, name: str, document: Mapping[str, Any]) -> None:
        """Take over a pushed document. Raises InvalidKeySet, and keeps the old keys then."""
        self.get(name).replace(document)

    def may_refresh(self, name: str) -> bool:
        """Whether `refresh` would help now. Tokens with made-up kids must not keep requests, or the issuer, busy."""
        if name in self._flights:
            return self._waiting[name] < MAX_WAITING
        last = self._last_asked.get(name)
        return last is None or self._clock() - last >= REFRESH_INTERVAL

    async def refresh(self, name: str) -> None:
        """Ask for fresher keys, or join who asks already; returns after REFRESH_WAIT seconds at the latest."""
        flight = self._flights.get(name)
        if flight is None:
            flight = self._flights[name] = asyncio.create_task(self._fly(name))
            self._last_asked[name] = self._clock()
            self._waiting[name] = 0
        self._waiting[name] += 1
        await asyncio.shield(flight)  # one client that goes away does not end it for the others

    async def _fly(self, name: str) -> None:
        try:
            async with asyncio.timeout(self._wait):
                await self.request_refresh(name)
        except (TimeoutError, OSError):
            return  # no fresher keys: the caller looks again and refuses
        finally:
            del self._flights[name]
