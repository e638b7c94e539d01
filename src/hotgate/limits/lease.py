"""What a worker knows of one key: the tokens it holds, and how the bucket stood when it last heard of it."""

import math
from asyncio import Future
from collections import deque
from typing import NamedTuple

from hotgate.limits.decision import LimitDecision, allowed, denied
from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from hotgate.limits.share import alone_capacity, alone_rate

BLOCKED = 1 << 62  # as `low`: nobody spends past those who wait


class Waiter(NamedTuple):
    """A request that waits for `cost` tokens, until `deadline` in monotonic seconds."""

    future: "Future[LimitDecision | None]"
    deadline: float
    cost: int


class Lease:
    """held: tokens to spend. low: at so few of them more are fetched. level: the bucket after the last grant.

    told: as how many are held by the authority's latest knowledge, or by what is on its way to it. lent: what it
    believes until something is settled (0: nothing to settle). received: all tokens ever got, to bound refunds.
    in_flight: sequence number of the request under way, 0 if none; asked_cost: of who was first to wait for it.
    fetch: how much to want next. full_at: from then on forgetting this key forgets nothing. alone: tokens accrued
    without the authority. borrowed: how many such were spent since the last grant. debt: tokens charged that the
    authority must still take. refunded: tokens it must still be given back; spent_at: when the first of them was.
    ends: from when on what is held is void. until: the same, because its lease is over (`shared`).
    """

    __slots__ = (
        "alone",
        "alone_at",
        "asked_at",
        "asked_cost",
        "borrowed",
        "debt",
        "denied_cost",
        "denied_until",
        "ends",
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
        "received",
        "refunded",
        "retry_at",
        "spent_at",
        "told",
        "until",
        "waiters",
    )

    def __init__(self, limit: Limit, key: str, now: float) -> None:
        self.limit = limit
        self.key = key
        self.held = 0
        self.low = 0
        self.level = limit.capacity
        self.told = 0
        self.lent = 0
        self.received = 0
        self.in_flight = 0
        self.asked_at = now
        self.asked_cost = 1
        self.fetch = 8
        self.full_at = now
        self.is_busy = False
        self.idle_since = now
        self.denied_cost = 0
        self.denied_until = now
        self.ends = math.inf
        self.retry_at = now
        self.alone = 0.0
        self.alone_at = now
        self.borrowed = 0
        self.debt = 0
        self.refunded = 0
        self.spent_at = 0.0
        self.until = math.inf
        self.waiters: deque[Waiter] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for tokens, none are under way, and none are owed."""
        return not self.waiters and not self.in_flight and not self.debt

    @property
    def is_pressing(self) -> bool:
        """Whether something is to be done about it in time, not only once it has been idle for long."""
        return not self.is_idle or self.refunded > 0 or self.ends < math.inf

    @property
    def is_unsettled(self) -> bool:
        """Whether the authority must be told of something without being asked for anything."""
        return self.debt > 0 or self.refunded > 0

    @property
    def unpaid(self) -> int:
        """Tokens that were charged without an authority and have not accrued yet."""
        return math.ceil(max(0.0, -self.alone))

    @property
    def needed(self) -> int:
        """Tokens of all who wait."""
        return sum(waiter.cost for waiter in self.waiters or ())

    def is_forgettable(self, now: float) -> bool:
        """Whether an authority that does not hear of this key may take its bucket for full."""
        return self.is_idle and not self.lent and not self.refunded and now >= self.full_at

    def not_full_before(self, time: float) -> None:
        """The bucket is known not to be full until then."""
        self.full_at = max(self.full_at, time)

    def wait(self, waiter: Waiter) -> None:
        """Add somebody to those who wait; from now on nobody passes them."""
        if self.waiters is None:
            self.waiters = deque()
        self.waiters.append(waiter)
        self.low = BLOCKED

    def ask(self, sequence: int, now: float, reported_debt: int) -> LeaseRequest:
        """What the authority is asked for. reported_debt: of the debt, what it is being told already."""
        first = self.waiters[0].cost if self.waiters else 0
        self.in_flight = sequence
        self.asked_at = now
        self.asked_cost = first or 1
        self.low = BLOCKED if first else 0
        self.told = self.held
        lacking = max(0, self.needed - self.held)
        request = LeaseRequest(
            self.limit,
            self.key,
            need=lacking,
            want=self.fetch,
            held=self.held,
            least=min(lacking, max(0, first - self.held)),
            debt=self.debt - reported_debt,
            refunded=self.refunded,
            spent_at=self.spent_at,
        )
        self.refunded = 0
        return request

    def next_waiter(self) -> Waiter | None:
        """Take the first of those who wait. An empty queue is not kept: it is larger than all the rest."""
        if not self.waiters:
            return None
        first = self.waiters.popleft()
        self.waiters = self.waiters or None
        return first

    def pay(self, now: float, *, is_denied: bool) -> None:
        """Serve those who wait, in order: with tokens, or with the denial that has just come."""
        while self.waiters:
            first = self.waiters[0]
            if first.future.done():
                self.next_waiter()
            elif first.cost <= self.held:
                self.next_waiter()
                self.held -= first.cost
                first.future.set_result(allowed(self.limit, self.level + self.held))
            elif is_denied and first.cost >= self.denied_cost:
                self.next_waiter()
                first.future.set_result(denied(self.limit, self.retry_at - now))
            else:
                return

    def accrue(self, now: float, rate: float, capacity: float) -> None:
        """Add what is due since the last time, up to `capacity`."""
        if now > self.alone_at:
            self.alone += (now - self.alone_at) * rate
            self.alone_at = now
        self.alone = min(self.alone, capacity)

    def refund(self, tokens: int, spent_at: float) -> None:
        """Take back what was reserved and not used; no more than was spent.

        What the authority still counts as on lease is simply held again. The rest it must add, for it has begun to
        refill behind those tokens.
        """
        tokens = min(tokens, self.received - self.held)
        rest = tokens - self._hold_again(tokens, spent_at)
        if rest:
            self.spent_at = min(spent_at, self.spent_at) if self.refunded else spent_at
            self.received -= rest
            self.refunded += rest

    def refund_alone(self, tokens: int, spent_at: float, share: float, now: float) -> None:
        """The same without an authority: what was accrued and spent is there again, as far as it fits. Of a kind that
        counts by time, less what has accrued since, which might have found no room if they had not been spent.
        """
        tokens = min(tokens, self.received - self.held)
        rest = tokens - self._hold_again(tokens, spent_at)
        returned = min(rest, self.borrowed) if self._is_untold(spent_at) else 0
        self.received -= rest
        self.borrowed -= returned
        accrued = 0.0 if self.limit.bucket.IS_AGELESS else (now - spent_at) * alone_rate(self.limit, share)
        self.alone = min(self.alone + max(0.0, returned - accrued), alone_capacity(self.limit, share))

    def _hold_again(self, tokens: int, spent_at: float) -> int:
        again = min(tokens, max(0, self.told - self.held)) if self._is_untold(spent_at) else 0
        self.held += again
        return again

    def _is_untold(self, spent_at: float) -> bool:
        """Whether the authority cannot know yet that a token was spent then. If it does, and counts the token from an
        earlier time than those that are on lease, to spend one of these in its place would be to date it back.
        """
        return self.limit.bucket.IS_AGELESS or spent_at > self.asked_at

    def charge(self, tokens: int) -> None:
        """Take what was used beyond a reservation, from what is held if it suffices; else it becomes a debt."""
        paid = min(tokens, self.held)
        self.held -= paid
        self.debt += tokens - paid
        self.received += tokens - paid

    def spend_alone(self, tokens: int) -> None:
        """Take what was accrued without the authority, or, for a charge, what is yet to accrue."""
        self.alone -= tokens
        self.borrowed += tokens
        self.received += tokens

    def follow(self, limit: Limit, now: float) -> None:
        """The limit has changed. What was lent or accrued on other terms is void, and so is a grant that is on its way:
        a token may mean something else now. The bucket is as full as it was, as the authority will see it.
        """
        growth = limit.capacity / self.limit.capacity
        self.level = limit.bucket.level_of(limit, self.limit, self.level)
        self.borrowed = math.ceil(self.borrowed * max(1.0, growth))
        self.alone = min(self.alone, 0.0)
        self.alone_at = now + limit.bucket.alone_after(limit)
        self.held = self.lent = self.told = self.received = self.refunded = self.in_flight = 0
        self.low = BLOCKED if self.waiters else 0
        self.denied_until = now
        self.ends = self.until = math.inf
        self.limit = limit
        self.not_full_before(now + limit.fill_time)

    def meet_authority(self, now: float) -> None:
        """It is being told of everything. What was charged alone and has not been paid for by waiting is a debt."""
        self.asked_at = now
        unpaid = self.unpaid
        self.alone = 0.0
        self.borrowed -= unpaid
        self.debt += unpaid
