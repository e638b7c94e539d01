"""What is going on about one key of a worker, and soon over: who waits, what is asked, denied, owed, admitted alone."""

import math
from asyncio import Future
from collections import deque
from typing import Final, NamedTuple

from hotgate.limits.alone import Alone
from hotgate.limits.decision import LimitDecision


class Waiter(NamedTuple):
    """A request that waits for `cost` tokens, until `deadline` in monotonic seconds."""

    future: "Future[LimitDecision | None]"
    deadline: float
    cost: int


class Pending:
    """in_flight: sequence number of the request under way, 0 if none. asked_at: when it left. asked_cost: of who was
    first to wait for it. denied_cost: so many tokens are not asked for again before `denied_until`; there are as many
    at `retry_at`. debt: tokens charged that the authority must still take. refunded: tokens it must still be given
    back; spent_at: when the first of them was. ends: from when on what is held is void. until: the same, because its
    lease is over (`shared`). alone: what was admitted without the authority, if anything was.
    """

    __slots__ = (
        "alone",
        "asked_at",
        "asked_cost",
        "debt",
        "denied_cost",
        "denied_until",
        "ends",
        "in_flight",
        "refunded",
        "retry_at",
        "spent_at",
        "until",
        "waiters",
    )

    def __init__(self) -> None:
        self.in_flight = 0
        self.asked_at = 0.0
        self.asked_cost = 1
        self.denied_cost = 0
        self.denied_until = 0.0
        self.retry_at = 0.0
        self.debt = 0
        self.refunded = 0
        self.spent_at = 0.0
        self.ends = self.until = math.inf
        self.alone: Alone | None = None
        self.waiters: deque[Waiter] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for tokens, none are under way, and none are owed."""
        return not self.waiters and not self.in_flight and not self.debt

    @property
    def is_unsettled(self) -> bool:
        """Whether the authority must be told of something without being asked for anything."""
        return self.debt > 0 or self.refunded > 0

    @property
    def borrowed(self) -> int:
        """Tokens that were admitted without the authority since it last granted some."""
        return 0 if self.alone is None else self.alone.borrowed

    @property
    def unpaid(self) -> int:
        """Tokens that were charged without an authority and have not accrued yet."""
        return 0 if self.alone is None else self.alone.unpaid

    @property
    def needed(self) -> int:
        """Tokens of all who wait."""
        return sum(waiter.cost for waiter in self.waiters or ())

    def is_pressing(self, now: float) -> bool:
        """Whether something is to be done about it in time."""
        is_ending = self.until < math.inf or now >= self.ends
        return is_ending or not self.is_idle or self.refunded > 0 or now < self.denied_until

    def is_over(self, now: float) -> bool:
        """Whether nothing of it matters any more."""
        return self.until == self.ends == math.inf and self.alone is None and not self.is_pressing(now)

    def deny(self, retry_after: float, now: float, believed: float) -> None:
        """What the authority says to those whose first has asked; 0 if it denied nothing. believed: for how long."""
        self.retry_at = now + retry_after
        self.denied_until = now + believed
        self.denied_cost = self.asked_cost

    def wait(self, waiter: Waiter) -> None:
        """Add somebody to those who wait."""
        if self.waiters is None:
            self.waiters = deque()
        self.waiters.append(waiter)

    def next_waiter(self) -> Waiter | None:
        """Take the first of those who wait."""
        return self.waiters.popleft() if self.waiters else None

    def give_up(self, now: float) -> None:
        """Those whose deadline has passed get no decision; those that do not wait any more go."""
        while self.waiters and (now >= self.waiters[0].deadline or self.waiters[0].future.done()):
            future = self.waiters.popleft().future
            if not future.done():
                future.set_result(None)


CALM: Final = Pending()
"""Nothing is: shared by all keys, of which most are calm most of the time, so never written to (`Lease.pend`)."""
