"""The token bucket: pure arithmetic on a level and a time."""


class TokenBucket:
    """Holds up to `capacity` tokens and gains `rate` tokens a second, continuously. Starts full.

    Times are monotonic seconds given by the caller. A time before the last one adds nothing. Below zero it is in debt.
    """

    __slots__ = ("capacity", "level", "rate", "updated")

    def __init__(self, capacity: float, rate: float, now: float, level: float | None = None) -> None:
        self.capacity = capacity
        self.rate = rate
        self.level = float(capacity if level is None else min(level, capacity))
        self.updated = now

    def refill(self, now: float, reserved: float = 0.0) -> None:
        """Add what is due by `now`, but leave room for `reserved` tokens that exist outside of the bucket."""
        if now > self.updated:
            self.level += (now - self.updated) * self.rate
            self.updated = now
        self.level = min(self.level, max(0.0, self.capacity - reserved))

    def take(self, tokens: int) -> bool:
        """Remove whole tokens, or nothing at all."""
        if tokens > self.level:
            return False
        self.level -= tokens
        return True

    def charge(self, tokens: int) -> None:
        """Remove what is used already, whether it was there or not."""
        self.level -= tokens

    def put_back(self, tokens: int) -> None:
        """Return what was taken and not used; what does not fit is lost with the next refill."""
        self.level += tokens

    def seconds_until(self, tokens: float) -> float:
        """How long until the bucket holds so many tokens, if nobody takes any."""
        return max(0.0, (tokens - self.level) / self.rate)

    def resize(self, now: float, capacity: float, rate: float) -> None:
        """Change the size and rate; the bucket stays as full as it was, in proportion. A debt stays what it is.

        The time since the last refill counts at the slower rate, since nobody knows when in it the change was made.
        """
        self.rate = min(self.rate, rate)
        self.refill(now)
        if self.level > 0:
            self.level *= capacity / self.capacity
        self.capacity = capacity
        self.rate = rate
