"""What a worker knows of one key: the tokens it holds, and how the bucket stood when it last heard of it."""

import math

from hotgate.limits.alone import Alone
from hotgate.limits.decision import allowed, denied
from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from hotgate.limits.pending import CALM, Pending, Waiter
from hotgate.limits.share import alone_capacity, alone_rate

BLOCKED = 1 << 62  # as `low`: nobody spends past those who wait
MOST_FETCH = 4096  # tokens to want at once


class Lease:
    """held: tokens to spend. low: at so few of them more are fetched. level: the bucket after the last grant.

    told: as how many are held by the authority's latest knowledge, or by what is on its way to it. lent: what it
    believes until something is settled (0: nothing to settle). received: all tokens ever got, to bound refunds.
    told_at: since when the authority's knowledge is so, where that matters. full_at: from then on forgetting this key
    forgets nothing. used_at: the tick before the last request. pending: what else is to be known for a while.

    There may be a hundred thousand: every slot counts.
    """

    __slots__ = (
        "full_at",
        "held",
        "key",
        "lent",
        "level",
        "limit",
        "low",
        "pending",
        "received",
        "told",
        "told_at",
        "used_at",
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
        self.told_at = 0.0
        self.full_at = now
        self.used_at = now
        self.pending: Pending = CALM

    def spendable(self, now: float) -> int:
        """Tokens held that are not void."""
        return self.held if now < min(self.pending.until, self.pending.ends) else 0

    def pend(self) -> Pending:
        """What is pending, to write to it."""
        if self.pending is CALM:
            self.pending = Pending()
        return self.pending

    def calm_down(self, now: float) -> None:
        """Forget what is pending once nothing of it matters any more."""
        if self.pending.is_over(now):
            self.pending = CALM

    def is_forgettable(self, now: float) -> bool:
        """Whether an authority that does not hear of this key may take its bucket for full."""
        pending = self.pending
        return now >= self.full_at and not self.lent and pending.is_idle and not (pending.refunded or pending.unpaid)

    def not_full_before(self, time: float) -> None:
        """The bucket is known not to be full until then."""
        self.full_at = max(self.full_at, time)

    def wait(self, waiter: Waiter) -> None:
        """Add somebody to those who wait; from now on nobody passes them."""
        self.pend().wait(waiter)
        self.low = BLOCKED

    def ask(self, sequence: int, now: float, reported_debt: int) -> LeaseRequest:
        """What the authority is asked for. reported_debt: of the debt, what it is being told already."""
        pending = self.pend()
        first = pending.waiters[0].cost if pending.waiters else 0
        pending.in_flight = sequence
        pending.asked_at = now
        pending.asked_cost = first or 1
        self.low = BLOCKED if first else 0
        self.told = self.held
        if not self.limit.bucket.IS_AGELESS:
            self.told_at = now
        lacking = max(0, pending.needed - self.held)
        request = LeaseRequest(
            self.limit,
            self.key,
            need=lacking,
            want=min(self.limit.bucket.FIRST_FETCH + self.received, MOST_FETCH),  # twice as many each time
            held=self.held,
            least=min(lacking, max(0, first - self.held)),
            debt=pending.debt - reported_debt,
            refunded=pending.refunded,
            spent_at=pending.spent_at,
        )
        pending.refunded = 0
        return request

    def grant(self, granted: int, remaining: int, now: float) -> None:
        """The authority has answered: it lends so many more, and knows all that was told it."""
        self.held += granted
        self.told += granted
        self.received += granted
        self.lent = self.held
        self.level = remaining
        self.pending.alone = None
        self.not_full_before(now + self.limit.seconds_to_fill(self.limit.capacity - remaining))

    def pay(self, now: float, *, is_denied: bool) -> None:
        """Serve those who wait, in order: with tokens, or with the denial that has just come."""
        pending = self.pending
        while pending.waiters:
            first = pending.waiters[0]
            if first.future.done():
                pending.next_waiter()
            elif first.cost <= self.held:
                pending.next_waiter()
                self.held -= first.cost
                first.future.set_result(allowed(self.limit, self.level + self.held))
            elif is_denied and first.cost >= pending.denied_cost:
                pending.next_waiter()
                first.future.set_result(denied(self.limit, pending.retry_at - now))
            else:
                return

    def refund(self, tokens: int, spent_at: float) -> None:
        """Take back what was reserved and not used; no more than was spent.

        What the authority still counts as on lease is simply held again. The rest it must add, for it has begun to
        refill behind those tokens.
        """
        if rest := self._hold_again(tokens, spent_at):
            pending = self.pend()
            pending.spent_at = min(spent_at, pending.spent_at) if pending.refunded else spent_at
            pending.refunded += rest

    def refund_alone(self, tokens: int, spent_at: float, share: float, now: float) -> None:
        """The same without an authority: what was accrued and spent is there again, as far as it fits. Of a kind that
        counts by time, less what has accrued since, which might have found no room if they had not been spent.
        """
        rest = self._hold_again(tokens, spent_at)
        if self.pending.alone is not None and self._is_untold(spent_at):
            accrued = 0.0 if self.limit.bucket.IS_AGELESS else (now - spent_at) * alone_rate(self.limit, share)
            self.pending.alone.refund(rest, accrued, alone_capacity(self.limit, share))

    def charge(self, tokens: int) -> None:
        """Take what was used beyond a reservation, from what is held if it suffices; else it becomes a debt."""
        paid = min(tokens, self.held)
        self.held -= paid
        self.received += tokens - paid
        if tokens > paid:
            self.pend().debt += tokens - paid

    def alone_since(self, at: float) -> Alone:
        """What is admitted without the authority, which began then; of what came before, only its debts count."""
        pending = self.pend()
        if pending.alone is None:
            pending.alone = Alone(at)
        pending.alone.begin(at)
        return pending.alone

    def follow(self, limit: Limit, now: float) -> None:
        """The limit has changed. What was lent or accrued on other terms is void, and so is a grant that is on its way:
        a token may mean something else now. The bucket is as full as it was, as the authority will see it.
        """
        self.level = limit.bucket.level_of(limit, self.limit, self.level)
        self.held = self.lent = self.told = self.received = self.low = 0
        if self.pending is not CALM:
            self._follow_pending(self.pending, limit, now)
        self.limit = limit
        self.not_full_before(now + limit.fill_time)

    def meet_authority(self, now: float) -> None:
        """It is being told of everything. What was charged alone and has not been paid for by waiting is a debt."""
        self.told_at = now
        if self.pending.alone is not None:
            self.pending.debt += self.pending.alone.take_debt()

    def reported(self) -> None:
        """A new authority has been told what is held."""
        self.lent = self.told = self.held
        if self.pending is not CALM:
            self.pending.refunded = 0

    def expire(self, now: float) -> None:
        """Nothing is held any more if its time is over."""
        if now >= self.pending.until:
            self.pending.until = math.inf
            self.void()

    def void(self) -> None:
        """What is held may not be spent, and is not told."""
        self.received -= self.held
        self.held = self.told = 0

    def drop(self) -> None:
        """Nothing is held any more, and the authority knows it."""
        self.received -= self.held
        self.held = self.lent = self.told = 0
        if self.pending is not CALM:
            self.pending.ends = math.inf

    def _hold_again(self, tokens: int, spent_at: float) -> int:
        """Returns what of those tokens that were spent cannot be held again."""
        tokens = min(tokens, self.received - self.held)
        again = min(tokens, max(0, self.told - self.held)) if self._is_untold(spent_at) else 0
        self.held += again
        self.received -= tokens - again
        return tokens - again

    def _is_untold(self, spent_at: float) -> bool:
        """Whether the authority cannot know yet that a token was spent then. If it does, and counts the token from an
        earlier time than those that are on lease, to spend one of these in its place would be to date it back.
        """
        return self.limit.bucket.IS_AGELESS or spent_at > self.told_at

    def _follow_pending(self, pending: Pending, limit: Limit, now: float) -> None:
        if pending.alone is not None:
            pending.alone.follow(limit.capacity / self.limit.capacity, now + limit.bucket.alone_after(limit))
        pending.refunded = pending.in_flight = 0
        pending.denied_until = 0.0
        pending.ends = pending.until = math.inf
        self.low = BLOCKED if pending.waiters else 0
