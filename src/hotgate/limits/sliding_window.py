"""The sliding window: never more than the quota within any window of that length, wherever it begins.

A window is counted in PARTS. What was used in one part counts until it has certainly left the window, which is up to
one part too long: at most 1/101 of a steady load, 1 %, is denied beyond what the limit says, and nothing is admitted
beyond it. A token that is out counts all the time, and once it is known to be spent, for a whole window from then on.
"""

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from hotgate.limits.bucket import Bucket

if TYPE_CHECKING:
    from hotgate.limits.limit import Limit

PARTS = 100
_ROUNDING = 1e-3  # of a part: times are sums
_LEASES = 1.0  # seconds after which somebody may have more, when it is only known that tokens are out


class SlidingWindow(Bucket):
    """Keeps for each part of the window how many tokens were used in it; parts without any take no memory."""

    KIND = "window"
    ALONE = 0.25  # a quarter to hold and a quarter of the rate: together half in any window, as of a token bucket

    __slots__ = ("_now", "_out", "_parts", "_reserved", "_total", "_used")

    def __init__(self, limit: "Limit", now: float, level: float | None = None) -> None:
        super().__init__(limit, now)
        self._now = now
        self._out: float = 0
        self._reserved: float = 0
        self._total: float = 0  # of all that was used
        self._parts: list[int] = []  # numbers of parts, oldest first,
        self._used: list[float] = []  # and what was used in each
        if level is not None:
            self.lower(level)

    @staticmethod
    def seconds_to_fill(limit: "Limit", tokens: float) -> float:
        """A window and a part later, however few they were."""
        return limit.window * (PARTS + 1) / PARTS if tokens > 0 else 0.0

    @staticmethod
    def refilled_in(limit: "Limit", seconds: float) -> float:
        """All or nothing."""
        return limit.capacity if seconds >= limit.window else 0.0

    @staticmethod
    def alone_after(limit: "Limit") -> float:
        """A whole window: it may have been used up when the authority was lost."""
        return limit.window

    def refill(self, now: float, out: float = 0.0, reserved: float = 0.0) -> None:
        """Forget parts that have left the window."""
        self._now = max(now, self._now)
        self._out, self._reserved = out, reserved
        oldest = self._part() - PARTS
        gone = 0
        while gone < len(self._parts) and self._parts[gone] < oldest:
            self._total -= self._used[gone]
            gone += 1
        del self._parts[:gone], self._used[:gone]
        self._look()

    def take(self, tokens: int) -> bool:
        """They count as long as they are out."""
        if tokens > self.level:
            return False
        self._out += tokens
        self._look()
        return True

    def returned(self, tokens: int) -> None:
        """Free again."""
        self._out -= tokens
        self._look()

    def spent(self, tokens: int) -> None:
        """They count from now on for a window."""
        self._out -= tokens
        self.charged(tokens)

    def charged(self, tokens: float) -> None:
        """They count from now on for a window."""
        part = self._part()
        if self._parts and self._parts[-1] == part:
            self._used[-1] += tokens
        elif tokens > 0:
            self._parts.append(part)
            self._used.append(tokens)
        self._total += tokens
        self._look()

    def used_alone(self, tokens: int) -> None:
        """They count longer than what is here, be there room for them or not."""
        self.charged(tokens)

    def used_unseen(self, tokens: float) -> None:
        """What was kept free is there again in this moment, so it is used now."""
        self.charged(tokens)

    def refunded(self, tokens: int, age: float) -> None:
        """The oldest of those that count since they were spent, or later, count no longer.

        A token that comes back is counted from no earlier than the one that is taken away for it. If that is another's,
        it takes over the later one: everything that was used still counts from no earlier than its use.
        """
        since = math.floor((self._now - age) / self._width() - _ROUNDING)
        if since < self._part() - PARTS:
            return  # they have left the window, and what is in it is others'
        first = last = bisect_left(self._parts, since)
        left: float = tokens
        while left > 0 and last < len(self._parts):
            taken = min(left, self._used[last])
            self._used[last] -= taken
            self._total -= taken
            left -= taken
            last += not self._used[last]
        del self._parts[first:last], self._used[first:last]
        self._look()

    def lower(self, level: float) -> None:
        """What is missing was used just now."""
        free = self._free()
        if level < free:
            self.charged(free - level)

    def heed(self, other: Bucket) -> None:
        """Since each part no less was used than in the other: of two as empty now, one may be so for longer."""
        if not isinstance(other, SlidingWindow):
            return super().heed(other)
        own, others = (dict(zip(each._parts, each._used, strict=True)) for each in (self, other))
        mine = theirs = total = 0.0
        self._parts, self._used = [], []
        for part in sorted({*own, *others}, reverse=True):
            mine, theirs = mine + own.get(part, 0), theirs + others.get(part, 0)
            if (most := max(mine, theirs)) > total:
                self._parts.insert(0, part)
                self._used.insert(0, most - total)
                total = most
        self._total = total
        return self._look()

    def seconds_until(self, tokens: float) -> float:
        """When enough parts have left the window."""
        level = self.level
        if level >= tokens:
            return 0.0
        for part, used in zip(self._parts, self._used, strict=True):
            level += used
            if level >= tokens:
                return max(0.0, (part + PARTS + 1) * self._width() - self._now)
        return _LEASES

    def follow(self, limit: "Limit", now: float) -> Bucket:
        """Another quota leaves what was used as it is; another window begins with as large a part of it used."""
        self.refill(now, self._out)
        if limit.bucket is SlidingWindow and limit.window == self.limit.window:
            self.limit = limit
            self._look()
            return self
        return limit.bucket(limit, now, self.level if self.level < 0 else self.fullness() * limit.capacity)

    @staticmethod
    def level_of(limit: "Limit", before: "Limit", level: float) -> int:
        """What was used in a window of the same length stays used."""
        if before.bucket is SlidingWindow and limit.window == before.window:
            return math.floor(limit.capacity - before.capacity + level)
        return Bucket.level_of(limit, before, level)

    def reset(self) -> None:
        """Remember nothing."""
        self._parts, self._used, self._total = [], [], 0
        self._look()

    def is_full(self) -> bool:
        """Nothing is remembered."""
        return not self._parts

    def _free(self) -> float:
        return self.limit.capacity - self._total - self._out

    def _look(self) -> None:
        self.level = self._free() - self._reserved

    def _part(self) -> int:
        return int(self._now / self._width())

    def _width(self) -> float:
        return self.limit.window / PARTS
