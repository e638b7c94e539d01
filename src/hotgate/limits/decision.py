"""What the limiter decided about one request; the response step turns it into header fields."""

import math

from hotgate.limits.limit import Limit

ROUNDING = 1e-6  # 60 times 1/60 of a second is a little more than a second


class LimitDecision:
    """limit: that has decided. remaining: tokens left now. retry_after: whole seconds to wait; 0 when allowed, and when
    waiting is in vain because the request costs more than the limit ever holds.
    """

    __slots__ = ("allowed", "limit", "remaining", "retry_after")

    def __init__(self, limit: Limit, remaining: int, retry_after: int = 0, *, allowed: bool = True) -> None:
        self.limit = limit
        self.remaining = remaining
        self.retry_after = retry_after
        self.allowed = allowed

    @property
    def policy(self) -> str:
        """The limit's name."""
        return self.limit.name

    @property
    def quota(self) -> int:
        """Its size in tokens."""
        return self.limit.quota

    @property
    def window(self) -> int:
        """Seconds."""
        return self.limit.window_seconds

    @property
    def reset(self) -> int:
        """Whole seconds until the quota is full again."""
        used = self.limit.capacity - self.remaining
        return math.ceil(used * self.limit.seconds_per_token - ROUNDING)

    @property
    def is_hopeless(self) -> bool:
        """Whether the request can never pass, however long its client waits."""
        return not self.allowed and self.retry_after == 0


def allowed(limit: Limit, remaining: int) -> LimitDecision:
    """The request may pass, and so much is left."""
    return LimitDecision(limit, remaining)


def denied(limit: Limit, seconds: float) -> LimitDecision:
    """The request may pass in so many seconds."""
    return LimitDecision(limit, 0, max(1, math.ceil(seconds - ROUNDING)), allowed=False)


def hopeless(limit: Limit) -> LimitDecision:
    """The request costs more than the limit ever holds."""
    return LimitDecision(limit, 0, allowed=False)
