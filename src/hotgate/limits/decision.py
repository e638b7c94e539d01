"""What the limiter decided about one request; the response step turns it into header fields."""


class LimitDecision:
    """policy: the limit's name. quota: its size in requests. window: seconds. remaining: requests left now.

    reset: whole seconds until the quota is full again. retry_after: whole seconds to wait, 0 when allowed.
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
