"""What one side of a release has done of late, over all workers: counts of a sliding window, in ten slots."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hotgate.observe.histogram import BOUNDS

_SLOTS = 10
_BUCKETS = len(BOUNDS) + 1


@dataclass(slots=True)
class SideCounts:
    """errors: answers that were failures. buckets: all answers, by how long they took, as in `Histogram`."""

    errors: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * _BUCKETS)

    @classmethod
    def from_report(cls, values: Mapping[str, Any]) -> "SideCounts":
        """What a worker says. Raises KeyError, TypeError or ValueError."""
        buckets = [int(count) for count in values["buckets"]]
        if len(buckets) != _BUCKETS:
            raise ValueError("a histogram with other bounds")
        return cls(int(values["errors"]), buckets)

    @property
    def requests(self) -> int:
        """How many answers there were."""
        return sum(self.buckets)

    @property
    def error_share(self) -> float:
        """0.0 to 1.0."""
        return self.errors / self.requests if self.requests else 0.0

    def add(self, other: "SideCounts") -> None:
        """Count those as well."""
        self.errors += other.errors
        self.buckets = [sum(pair) for pair in zip(self.buckets, other.buckets, strict=True)]

    def since(self, earlier: "SideCounts") -> "SideCounts":
        """What has come since; everything, if the counts have begun anew."""
        if earlier.requests > self.requests or earlier.errors > self.errors:
            return self
        pairs = zip(self.buckets, earlier.buckets, strict=True)
        return SideCounts(self.errors - earlier.errors, [max(0, now - before) for now, before in pairs])

    def percentile(self, percent: int) -> float:
        """Seconds within which so many of the answers began: estimated, even within a bucket; 0.0 without any."""
        wanted = self.requests * percent / 100
        return _interpolated(self.buckets, wanted) if wanted else 0.0


def _interpolated(buckets: Sequence[int], wanted: float) -> float:
    passed, lower = 0.0, 0.0
    for count, upper in zip(buckets, BOUNDS, strict=False):
        if count and passed + count >= wanted:
            return lower + (upper - lower) * (wanted - passed) / count
        passed, lower = passed + count, upper
    return BOUNDS[-1]


class SideWindow:
    """seconds: how far back it looks."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._slot = seconds / _SLOTS
        self._slots: deque[tuple[int, SideCounts]] = deque()

    def add(self, counts: SideCounts, now: float) -> None:
        """Count what has come by now (monotonic seconds)."""
        index = int(now / self._slot)
        if not self._slots or self._slots[-1][0] != index:
            self._slots.append((index, SideCounts()))
        self._slots[-1][1].add(counts)
        self._forget(index)

    def total(self, now: float) -> SideCounts:
        """Everything within the window."""
        self._forget(int(now / self._slot))
        total = SideCounts()
        for _, counts in self._slots:
            total.add(counts)
        return total

    def _forget(self, index: int) -> None:
        while self._slots and self._slots[0][0] <= index - _SLOTS:
            self._slots.popleft()
