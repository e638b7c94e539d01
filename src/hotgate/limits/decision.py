"""What the limiter decided about one request; the response step turns it into header fields."""

import math

from hotgate.limits.limit import Limit

ROUNDING = 1e-6  # 60 times 1/60 of a second is a little more than a second


class LimitDecision:
    """policy: the limit's name. quota: its size in requests. window: seconds. remaining: requests left now.

    reset: whole seconds until the quota is full again. retry_after: whole seconds to wait; 0 when allowed, and when
    waiting is in vain because the request costs more than the limit ever holds.
    """

    __slots__ = ("allowed", "policy", "quota", "remaining", "reset", "retry_after", "window")

    def __init__(
        self, policy: str, *, quota: int, window: int, remaining: int, reset: int, allowed: bool, retry_after: int = 0
    ) -> None:
        self.policy = policy
        self.quota = quota
        self.window = window
        self.remaining = remaining
        self.reset = reset
        self.allowed = allowed
        self.retry_after = retry_after

    @property
    def is_hopeless(self) -> bool:
        """Whether the request can never pass, however long its client waits."""
        return not self.allowed and self.retry_after == 0


def allowed(limit: Limit, remaining: int) -> LimitDecision:
    """The request may pass, and so much is left."""
    reset = math.ceil((limit.capacity - remaining) * limit.seconds_per_token - ROUNDING)
    return LimitDecision(
        limit.name, quota=limit.quota, window=limit.window_seconds, remaining=remaining, reset=reset, allowed=True
    )


def denied(limit: Limit, seconds: float) -> LimitDecision:
    """The request may pass in so many seconds."""
    return _refused(limit, max(1, math.ceil(seconds - ROUNDING)))


def hopeless(limit: Limit) -> LimitDecision:
    """The request costs more than the limit ever holds."""
    return _refused(limit, 0)


def _refused(limit: Limit, retry_after: int) -> LimitDecision:
    return LimitDecision(
        limit.name,
        quota=limit.quota,
        window=limit.window_seconds,
        remaining=0,
        reset=math.ceil(limit.fill_time),
        allowed=False,
        retry_after=retry_after,
    )
