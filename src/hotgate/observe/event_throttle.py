"""Thins out floods of security events: an attack must not fill the disk with reports about itself."""

import logging
import time
from collections.abc import Callable

MAX_KINDS = 256


class EventThrottle(logging.Filter):
    """Lets `per_second` records of each message through per second; the first of the next second tells the rest."""

    def __init__(self, per_second: int = 10, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._per_second = per_second
        self._clock = clock
        self._seconds: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may pass."""
        kind = record.msg if record.msg in self._counts or len(self._counts) < MAX_KINDS else "other"
        second = int(self._clock())
        if self._seconds.get(kind) != second:
            self._tell_suppressed(record, self._counts.get(kind, 0) - self._per_second)
            self._seconds[kind], self._counts[kind] = second, 0
        self._counts[kind] += 1
        return self._counts[kind] <= self._per_second

    def _tell_suppressed(self, record: logging.LogRecord, suppressed: int) -> None:
        if suppressed > 0:
            record.facts = {**getattr(record, "facts", {}), "suppressed": suppressed}
