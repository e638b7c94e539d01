"""Counts failed attempts per address, so that a flood of them neither fills the log nor is worth its while."""

import time
from collections.abc import Callable

MOST_FAILURES = 10  # per address and minute
MOST_ADDRESSES = 1024
WINDOW = 60.0  # seconds
_OTHERS = "other addresses"


class FailureWindow:
    """One window for all addresses; those that come when the table is full share one count. clock: in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._ends = 0.0

    def failed(self, address: str) -> float:
        """Count one. Returns how many seconds to stay away: 0 while there were few."""
        now = self._clock()
        if now >= self._ends:
            self._counts.clear()
            self._ends = now + WINDOW
        key = address if address in self._counts or len(self._counts) < MOST_ADDRESSES else _OTHERS
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._ends - now if self._counts[key] > MOST_FAILURES else 0.0
