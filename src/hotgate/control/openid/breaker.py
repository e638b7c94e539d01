"""A provider that fails again and again is left alone for a while: nobody waits for what will not come."""

import time
from collections.abc import Callable

from hotgate.control.openid.failures import ProviderUnavailable

FAILURES = 5  # in a row; Envoy's `consecutive_5xx` has the same
PAUSE = 5.0  # seconds; then one call tries


class Breaker:
    """clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._closed_until = 0.0

    def check(self) -> None:
        """Call before a call. Raises ProviderUnavailable during a pause."""
        if self._failures < FAILURES:
            return
        now = self._clock()
        if now < self._closed_until:
            raise ProviderUnavailable("it has failed several times in a row and is left alone")
        self._closed_until = now + PAUSE  # for all others: this one is the trial

    def succeeded(self) -> None:
        """It has answered, whatever it was."""
        self._failures = 0

    def failed(self) -> None:
        """It has not, or only that it cannot."""
        self._failures += 1
        self._closed_until = self._clock() + PAUSE
