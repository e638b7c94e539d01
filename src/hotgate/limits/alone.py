"""What a worker without an authority admits of one key: its share of the rate, which begins at nothing."""

import math


class Alone:
    """tokens: accrued, as of `at` in monotonic seconds; below zero, charged and yet to accrue. borrowed: how many were
    spent since the authority last granted some.
    """

    __slots__ = ("at", "borrowed", "tokens")

    def __init__(self, at: float) -> None:
        self.at = at
        self.tokens = 0.0
        self.borrowed = 0

    @property
    def unpaid(self) -> int:
        """Tokens that were charged and have not accrued yet."""
        return math.ceil(max(0.0, -self.tokens))

    def begin(self, at: float) -> None:
        """Nothing counts that accrued before."""
        if self.at < at:
            self.at = at
            self.tokens = 0.0

    def accrue(self, now: float, rate: float, capacity: float) -> None:
        """Add what is due since the last time, up to `capacity`."""
        if now > self.at:
            self.tokens += (now - self.at) * rate
            self.at = now
        self.tokens = min(self.tokens, capacity)

    def spend(self, tokens: int) -> None:
        """Take what has accrued, or, for a charge, what is yet to accrue."""
        self.tokens -= tokens
        self.borrowed += tokens

    def refund(self, tokens: int, accrued: float, capacity: float) -> None:
        """As many of these as were borrowed are there again, less what has accrued in their place, up to `capacity`."""
        returned = min(tokens, self.borrowed)
        self.borrowed -= returned
        self.tokens = min(self.tokens + max(0.0, returned - accrued), capacity)

    def follow(self, growth: float, at: float) -> None:
        """The limit has changed: what accrued on other terms is void, and what was borrowed counts as much as before.
        Nothing accrues until `at`.
        """
        self.borrowed = math.ceil(self.borrowed * max(1.0, growth))
        self.tokens = min(self.tokens, 0.0)
        self.at = at

    def take_debt(self) -> int:
        """The authority is back: what was charged and has not been paid for by waiting is a debt from here on."""
        unpaid = self.unpaid
        self.tokens = 0.0
        self.borrowed -= unpaid
        return unpaid
