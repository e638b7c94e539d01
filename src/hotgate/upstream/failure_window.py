"""How many of the latest requests failed: counts of the last seconds, in a few slots."""

from collections import deque

_SLOTS = 10


class FailureWindow:
    """Counts outcomes of the last `seconds`, to a tenth of it. `now` is monotonic and never goes back."""

    def __init__(self, seconds: float) -> None:
        self._width = seconds / _SLOTS
        self._slots: deque[list[int]] = deque(maxlen=_SLOTS)
        self._current = -1

    def count(self, now: float, *, failed: bool) -> None:
        """One outcome."""
        self._forget(now)
        slot = self._slots[-1]
        slot[0] += 1
        slot[1] += failed

    def share(self, now: float, at_least: int) -> float:
        """The share that failed, 0.0 to 1.0; 0.0 when there were fewer than `at_least` outcomes."""
        self._forget(now)
        total = sum(slot[0] for slot in self._slots)
        return sum(slot[1] for slot in self._slots) / total if total >= at_least else 0.0

    def clear(self) -> None:
        """Begin anew."""
        self._slots.clear()
        self._current = -1

    def _forget(self, now: float) -> None:
        number = int(now / self._width)
        for _ in range(min(number - self._current, _SLOTS) if self._slots else 1):
            self._slots.append([0, 0])
        self._current = number
