"""The token bucket: tokens flow in evenly, and what does not fit is lost.

GCRA, which other gateways name, is the same arithmetic written as a time: its theoretical arrival time is the moment
when this bucket is full again.
"""

from typing import TYPE_CHECKING

from hotgate.limits.bucket import Bucket

if TYPE_CHECKING:
    from hotgate.limits.limit import Limit


class TokenBucket(Bucket):
    """Gains the limit's rate, continuously, up to its capacity: no t seconds admit more than capacity + rate * t."""

    KIND = "bucket"
    IS_AGELESS = True
    ALONE = 1.0

    __slots__ = ("updated",)

    def __init__(self, limit: "Limit", now: float, level: float | None = None) -> None:
        super().__init__(limit, now)
        self.updated = now
        if level is not None:
            self.lower(level)

    @staticmethod
    def seconds_to_fill(limit: "Limit", tokens: float) -> float:
        """Evenly."""
        return tokens * limit.seconds_per_token

    @staticmethod
    def refilled_in(limit: "Limit", seconds: float) -> float:
        """Evenly."""
        return min(limit.capacity, seconds * limit.rate)

    @staticmethod
    def alone_after(limit: "Limit") -> float:
        """A share of the rate can be used at once: it is what would have flowed in."""
        return 0.0

    def refill(self, now: float, out: float = 0.0, reserved: float = 0.0) -> None:
        """Nothing flows in behind tokens that are out or reserved."""
        if now > self.updated:
            self.level += (now - self.updated) * self.limit.rate
            self.updated = now
        self.level = min(self.level, max(0.0, self.limit.capacity - out - reserved))

    def take(self, tokens: int) -> bool:
        """From the level."""
        if tokens > self.level:
            return False
        self.level -= tokens
        return True

    def returned(self, tokens: int) -> None:
        """What does not fit is lost with the next refill."""
        self.level += tokens

    def spent(self, tokens: int) -> None:
        """They went when they were taken."""

    def charged(self, tokens: int) -> None:
        """From the level, below zero if need be."""
        self.level -= tokens

    def refunded(self, tokens: int, age: float) -> None:
        """What does not fit is lost with the next refill."""
        self.level += tokens

    def lower(self, level: float) -> None:
        """The rest is gone."""
        self.level = min(self.level, level)

    def seconds_until(self, tokens: float) -> float:
        """By the rate."""
        return max(0.0, (tokens - self.level) / self.limit.rate)

    def follow(self, limit: "Limit", now: float) -> Bucket:
        """As full as it was, in proportion; a debt stays what it is."""
        self.refill(now)
        return limit.bucket(limit, now, self.level if self.level < 0 else self.fullness() * limit.capacity)

    def reset(self) -> None:
        """To the brim."""
        self.level = self.limit.capacity

    def is_full(self) -> bool:
        """To the brim."""
        return self.level >= self.limit.capacity
