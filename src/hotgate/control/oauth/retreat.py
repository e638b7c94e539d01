"""How long an authorization server that fails is left alone: a breaker that every success closes."""

from collections.abc import Callable

FIRST, CEILING = 1.0, 60.0  # seconds; doubled in between
_MOST_DOUBLINGS = 16


class Retreat:
    """clock: monotonic seconds. tolerates: failures one after another that change nothing."""

    def __init__(self, clock: Callable[[], float], tolerates: int = 0) -> None:
        self._clock = clock
        self._tolerates = tolerates
        self._failures = 0
        self._until = 0.0
        self.reason = ""

    @property
    def seconds_left(self) -> float:
        """How long to stay away; 0 if the server may be asked."""
        return max(0.0, self._until - self._clock())

    def failed(self, reason: str) -> None:
        """It has given no answer, or one that means nothing."""
        self.reason = reason
        self._failures += 1
        if self._failures > self._tolerates:
            doublings = min(self._failures - self._tolerates - 1, _MOST_DOUBLINGS)
            self._until = self._clock() + min(CEILING, FIRST * 2.0**doublings)

    def succeeded(self) -> None:
        """It has answered."""
        self._failures, self._until, self.reason = 0, 0.0, ""
