"""Stops asking a server that does not answer, so that nobody waits for it again and again."""

from collections.abc import Callable

from hotgate.store.errors import StoreUnavailable

FAILURES = 3  # in a row
OPEN_SECONDS = 2.0  # without a question; then one that fails opens it again


class Breaker:
    """clock: monotonic seconds. A question that was answered closes it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._opened = 0.0

    def check(self) -> None:
        """Call before a question. Raises StoreUnavailable while it is open."""
        if self._failures >= FAILURES and self._clock() < self._opened + OPEN_SECONDS:
            raise StoreUnavailable("the server has not answered lately")

    def succeeded(self) -> None:
        """An answer came."""
        self._failures = 0

    def failed(self) -> None:
        """None came in time."""
        self._failures += 1
        self._opened = self._clock()
