"""What a worker knows of one key: the tokens it holds, and how the bucket stood when it last heard of it."""

import math
from asyncio import Future
from collections import deque

from hotgate.limits.decision import LimitDecision
from hotgate.limits.limit import Limit

Waiter = tuple["Future[LimitDecision | None]", float]


class Lease:
    """held: tokens to spend. low: at so few of them more are fetched. level: the bucket after the last grant.

    lent: what the authority believes is held (0: nothing to settle). in_flight: sequence number of the request under
    way, 0 if none. fetch: how much to want next. full_at: from then on forgetting this key forgets nothing.
    until: when what is held may no longer be spent. alone: tokens accrued without the authority. borrowed: how many such were spent since the last grant.
    """

    __slots__ = (
        "alone",
        "alone_at",
        "asked_at",
        "borrowed",
        "denied_until",
        "fetch",
        "full_at",
        "held",
        "idle_since",
        "in_flight",
        "is_busy",
        "key",
        "lent",
        "level",
        "limit",
        "low",
        "retry_at",
        "until",
        "waiters",
    )

    def __init__(self, limit: Limit, key: str, now: float) -> None:
        self.limit = limit
        self.key = key
        self.held = 0
        self.low = 0
        self.level = limit.capacity
        self.lent = 0
        self.in_flight = 0
        self.asked_at = now
        self.fetch = 8
        self.full_at = now
        self.is_busy = False
        self.idle_since = now
        self.denied_until = now
        self.retry_at = now
        self.alone = 0.0
        self.alone_at = now
        self.borrowed = 0
        self.until = math.inf
        self.waiters: deque[Waiter] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for tokens and none are under way."""
        return not self.waiters and not self.in_flight

    def is_forgettable(self, now: float) -> bool:
        """Whether an authority that does not hear of this key may take its bucket for full."""
        return self.is_idle and not self.lent and now >= self.full_at

    def not_full_before(self, time: float) -> None:
        """The bucket is known not to be full until then."""
        self.full_at = max(self.full_at, time)

    def accrue(self, now: float, share: float, capacity: float) -> None:
        """Add the share of the rate since the last time, up to `capacity`."""
        if now > self.alone_at:
            self.alone += (now - self.alone_at) * self.limit.rate * share
            self.alone_at = now
        self.alone = min(self.alone, capacity)
