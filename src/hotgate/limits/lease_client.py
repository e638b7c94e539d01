"""The worker's side of the limiter: spends what it was lent, and asks for more before it runs out.

Everything runs on the worker's event loop. The clock must be the one that the authority reads.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotgate.limits.amount import checked_amount
from hotgate.limits.decision import LimitDecision, allowed, denied, hopeless
from hotgate.limits.key import MAX_KEY_LENGTH
from hotgate.limits.lease import Lease, Waiter
from hotgate.limits.lease_book import SCANNED, LeaseBook
from hotgate.limits.limit import Limit
from hotgate.limits.report import Report, later
from hotgate.limits.share import alone_capacity, alone_rate
from hotgate.limits.unsettled import Unsettled

Message = dict[str, Any]
Outcome = LimitDecision | None | Awaitable[LimitDecision | None]

MAX_WAITERS = 1024  # requests that may wait for tokens of one key
MAX_REPORTED = 4000  # keys in a report: some 1 MB at most
MAX_RETURNED = 1000  # keys in one message that gives tokens back
MAX_FETCH = 4096  # tokens to want at once
ENDING = 1.0  # seconds before the end of a period in which nothing is kept; more than a tick
URGENT = 0.25  # seconds in which an urgent grant must arrive; alone, a worker accrues nothing for as long
DEADLINE = 1.0  # seconds a request may wait for the authority
IDLE, LONGEST_IDLE = 1.0, 60.0  # seconds after which an unused lease goes back: half the window, within these
RECHECK = 1.0  # seconds for which a denial is believed: tokens may come back from another worker


class LeaseClient:
    """send: carries a message to the authority, or loses it.

    `take` is the hot path. `spend` returns a decision, an awaitable of one when the authority must be asked, or None
    when nothing can be decided: it is out of reach and the limit too small to be shared out, or it does not answer.
    """

    MAX_KEYS = 100_000  # leases; some 0.6 KB each

    def __init__(
        self, send: Callable[[Message], object], clock: Callable[[], float], *, max_keys: int | None = None
    ) -> None:
        self._send = send
        self._clock = clock
        self._max_keys = max_keys or self.MAX_KEYS
        self._leases = LeaseBook(self._max_keys)
        self._unsettled = Unsettled()
        self._reported_debts: dict[Lease, int] = {}
        self._sequence = 0
        self._reported = 0
        self._share = 0.0
        self._is_fresh = True
        self._is_connected = False
        self._is_welcome = True
        self._alone_since = clock()
        self._limits: Mapping[str, Limit] = {}

    @property
    def known_keys(self) -> int:
        """How many leases are kept, empty ones included."""
        return len(self._leases)

    def lease(self, scope: str, key: str) -> Lease | None:
        """What is known of a key, for those who look and change nothing."""
        return self._leases.get((scope, key))

    def follow(self, limits: Mapping[str, Limit]) -> None:
        """A new configuration is in force, with these limits by scope; others stay. What is held on other terms goes
        back. Requests that began before and spend later pay the old price from the new bucket.
        """
        self._limits = limits
        changed = self._leases.changed(limits)
        self._return_now([lease for lease in changed if lease.lent or lease.told])
        for lease in changed:
            lease.follow(limits[lease.limit.scope], self._clock())
            if lease.waiters and self._is_connected:
                self._ask(lease)

    def take(self, limit: Limit, key: str, cost: int) -> int | None:
        """Admit one request from what is held: how many tokens are left then. None: `spend` must be asked."""
        lease = self._leases.get((limit.scope, key))
        if lease is None or not 0 < cost <= lease.held - lease.low:
            return None
        lease.held -= cost
        lease.is_busy = True
        return lease.level + lease.held

    def spend(self, limit: Limit, key: str, cost: int = 1) -> Outcome:
        """Admit or deny one request that takes `cost` tokens, all or none; for ever if the limit never holds as many
        (`LimitDecision.is_hopeless`). Raises ValueError for a cost below 1, and for a key of more than 128 characters.
        """
        if (left := self.take(limit, key, cost)) is not None:
            return allowed(limit, left)
        checked_amount(cost)
        if cost > limit.capacity:
            return hopeless(limit)
        lease = self._leases.get((limit.scope, key)) or self._open(limit, key)
        if lease is None:
            return None
        lease.is_busy = True
        if lease.held and self._clock() >= lease.ends:
            lease.held = 0  # lost with its period
        if not self._is_connected:
            return self._spend_without(lease, cost)
        if lease.held >= cost and not lease.waiters:
            lease.held -= cost
            if not lease.in_flight:
                self._ask(lease)
            return allowed(limit, lease.level + lease.held)
        now = self._clock()
        is_denied = now < lease.denied_until and cost >= lease.denied_cost
        return denied(limit, lease.retry_at - now) if is_denied else self._wait(lease, cost, now)

    def refund(self, limit: Limit, key: str, tokens: int, spent_at: float) -> None:
        """Give back tokens that `spend` reserved, not before `spent_at`, and that were not used: no more than reserved
        since the key was last forgotten, so who gives twice takes nothing from others. Raises ValueError below 1.
        """
        checked_amount(tokens)
        if not limit.bucket.IS_AGELESS and self._clock() - spent_at >= limit.window:
            return  # nothing counts them any more
        lease = self._leases.get((limit.scope, key))
        if lease is None or (lease.limit is not limit and not lease.limit.is_like(limit)):
            return  # tokens of other terms may mean something else
        if self._is_connected:
            lease.refund(tokens, spent_at)
            lease.is_busy = True
            self._unsettled.add(lease)
            self._unsettled.press(lease)
            if not lease.low and not lease.in_flight:
                self._share_refund(lease)
        else:
            lease.refund_alone(tokens, spent_at, self._share, self._clock())

    def _share_refund(self, lease: Lease) -> None:
        """Of a limit so small that nothing is fetched ahead: other workers would deny what lies idle here."""
        if lease.is_unsettled:
            self._ask(lease)
        elif lease.held:
            self._settle(lease)

    def charge(self, limit: Limit, key: str, tokens: int) -> None:
        """Take tokens that were used beyond what `spend` reserved, whether there are any or not: later requests wait
        until the debt is paid. Raises ValueError below 1 and for a key that is too long.
        """
        checked_amount(tokens)
        now = self._clock()
        # Where no place is left for a lease, the debt is told once and not remembered.
        lease = self._leases.get((limit.scope, key)) or self._open(limit, key)
        if lease is not None:
            self._unsettled.add(lease)
            self._unsettled.press(lease)
        lease = lease or Lease(limit, key, now)
        self._is_fresh = False  # there is something to learn from this worker
        lease.charge(tokens)
        lease.not_full_before(max(now, lease.full_at) + limit.seconds_to_fill(tokens))
        if not self._is_connected:
            self._accrue(lease, now)
            lease.spend_alone(lease.debt)
            lease.debt = 0
        elif lease.debt and not lease.in_flight:
            self._ask(lease)

    def on_message(self, message: Message) -> None:
        """What the authority says. Raises KeyError, TypeError or ValueError if it is malformed."""
        kind = message["type"]
        if kind not in ("welcome", "grant", "loss"):
            raise ValueError("unknown type of message")
        if message["loss"] is not None:
            self._leases.loss = later(self._leases.loss, float(message["loss"]))
        if kind == "loss" or not self._is_connected or message["seq"] < self._reported:
            return  # or from an authority that is no more
        if not self._is_welcome:
            self._debts_are_told()
        self._is_welcome = True
        self._share = float(message["share"])
        self._is_fresh = False
        lease = self._leases.get((message["scope"], message["key"])) if kind == "grant" else None
        if lease is not None and lease.in_flight == message["seq"]:
            self._granted(lease, message)

    def tick(self, now: float) -> None:
        """Called some four times a second: deadlines of those who wait, and return of what lies idle."""
        kept = [lease for lease in self._unsettled.due() if self._is_kept(lease)]
        idle = [lease for lease in kept if self._review(lease, now) and lease in self._unsettled]
        self._unsettled.reviewed()
        if self._is_connected:
            self._give_back(idle, now)
        self._leases.sweep(SCANNED, now)

    def release(self) -> None:
        """Give everything back: the worker is about to end."""
        if not self._is_connected:
            return
        for lease in self._unsettled:
            if lease.is_unsettled and not lease.in_flight:
                self._ask(lease)
        self._give_back([lease for lease in self._unsettled if lease.is_idle], self._clock())

    def authority_lost(self) -> None:
        """Serve alone from now on: from the leases there are, then by this worker's share of each rate."""
        if not self._is_connected:
            return
        self._is_connected = False
        self._alone_since = self._clock() + URGENT  # until then a grant to somebody may still be on its way
        for lease in self._leases.values():
            lease.in_flight = 0
            lease.low = 0
            while waiter := lease.next_waiter():
                if not waiter.future.done():
                    waiter.future.set_result(self._spend_without(lease, waiter.cost))

    def authority_found(self) -> Message:
        """There is an authority, the same or a new one: the report it must be sent before any other message."""
        self.authority_lost()
        now = self._clock()
        if not self._is_welcome:
            self._leases.loss = now  # whatever the last authority knew of losses, it never said
        self._is_welcome = False
        self._leases.keep(MAX_REPORTED, now)
        for lease in self._leases.values():
            lease.meet_authority(now)
        self._sequence += 1
        self._reported = self._sequence
        report = Report(
            is_fresh=self._is_fresh,
            sequence=self._sequence,
            share=self._share,
            loss=self._leases.loss,
            limits=self._leases.limits(),
            keys=self._leases.reports(),
        )
        for lease in self._leases.values():
            lease.lent = lease.told = lease.held
            lease.refunded = 0
        self._reported_debts = {lease: lease.debt for lease in self._leases.values() if lease.debt}
        self._unsettled = Unsettled(lease for lease in self._leases.values() if lease.lent or lease.debt)
        self._is_connected = True
        return report.message()

    def _open(self, limit: Limit, key: str) -> Lease | None:
        if len(key) > MAX_KEY_LENGTH:
            raise ValueError("the key is too long")
        now = self._clock()
        lease = Lease(self._limits.get(limit.scope, limit), key, now)
        try:
            evicted = self._leases.add(lease, now)
        except MemoryError:
            return None
        if evicted is not None:
            self._unsettled.discard(evicted)
            self._return_now([evicted])
        return lease

    def _wait(self, lease: Lease, cost: int, now: float) -> Outcome:
        if lease.waiters and len(lease.waiters) >= MAX_WAITERS:
            return None
        waiter = Waiter(asyncio.get_running_loop().create_future(), now + DEADLINE, cost)
        lease.wait(waiter)
        if not lease.in_flight:
            self._ask(lease)
        self._unsettled.add(lease)
        self._unsettled.press(lease)
        return waiter.future

    def _ask(self, lease: Lease) -> None:
        """One request in flight for a key; the authority answers it with a grant of the same sequence number."""
        self._sequence += 1
        self._unsettled.press(lease)
        request = lease.ask(self._sequence, self._clock(), self._reported_debts.get(lease, 0))
        self._send(request.message(self._sequence))

    def _granted(self, lease: Lease, message: Message) -> None:
        now = self._clock()
        granted = int(message["granted"])
        lease.in_flight = 0
        lease.debt = max(0, lease.debt - int(message["charged"]))
        if message["must_wait"]:
            return  # `tick` asks again
        lease.held += granted
        lease.told += granted
        lease.received += granted
        lease.lent = lease.held
        lease.borrowed = 0
        lease.level = int(message["remaining"])
        lease.not_full_before(now + lease.limit.seconds_to_fill(lease.limit.capacity - lease.level))
        if granted:
            self._unsettled.add(lease)
            lease.is_busy = True
            lease.ends = math.inf if message["lasts"] is None else lease.asked_at + float(message["lasts"]) - ENDING
            lease.fetch = min(2 * lease.fetch, MAX_FETCH)
        retry_after = float(message["retry_after"])
        if retry_after > 0:
            lease.retry_at = now + retry_after
            lease.denied_until = now + min(retry_after, RECHECK)
            lease.denied_cost = lease.asked_cost
        else:
            lease.denied_until = 0.0
        is_urgent = message["urgent"] is True
        if not is_urgent or now - lease.asked_at < URGENT:
            lease.pay(now, is_denied=retry_after > 0)
        if is_urgent:
            self._settle(lease)
        # A lease of one token is the mark of a small limit: fetching ahead would keep it from other workers.
        lease.low = lease.held // 2 if granted > 1 else 0
        if lease.waiters:
            self._ask(lease)

    def _review(self, lease: Lease, now: float) -> bool:
        """Handle what is overdue for one lease. True if it has been idle for long."""
        if now >= lease.ends and not lease.in_flight:
            lease.ends = math.inf
            self._settle(lease)
        if lease.in_flight and now - lease.asked_at >= DEADLINE:
            lease.in_flight = 0  # lost; a grant that still comes is not accepted
            lease.low = lease.held
        while lease.waiters and (now >= lease.waiters[0].deadline or lease.waiters[0].future.done()):
            waiter = lease.next_waiter()
            if waiter is not None and not waiter.future.done():
                waiter.future.set_result(None)
        if (lease.waiters or lease.is_unsettled) and not lease.in_flight and self._is_connected:
            self._ask(lease)
        if lease.is_busy or not lease.is_idle:
            lease.is_busy = False
            lease.idle_since = now
            return False
        return now - lease.idle_since >= self._longest_idle(lease.limit)

    def _longest_idle(self, limit: Limit) -> float:
        """Callers who come now and then find a lease. Where all workers together have many, none is kept for long: the
        authority can forget no bucket of which something is on lease, and a flood of keys would take all of them.
        """
        if len(self._unsettled) > self._max_keys * self._share:
            return IDLE
        return min(max(IDLE, limit.window / 2), LONGEST_IDLE)

    def _is_kept(self, lease: Lease) -> bool:
        """Whether the book still has this lease of the key. If not, nothing may be said of the key in its name."""
        if self._leases.get((lease.limit.scope, lease.key)) is lease:
            return True
        self._unsettled.discard(lease)
        return False

    def _give_back(self, leases: list[Lease], now: float) -> None:
        self._return_now(leases)
        for lease in leases:
            # What was spent and not told until now refills only from here.
            lease.not_full_before(now + lease.limit.seconds_to_fill(max(lease.lent, lease.told)))
            lease.received -= lease.held
            lease.held = lease.lent = lease.told = lease.low = 0
            self._unsettled.discard(lease)

    def _settle(self, lease: Lease) -> None:
        """Tell at once that what was granted is used, and give back what is not."""
        self._return_now([lease])
        lease.received -= lease.held
        lease.held = lease.lent = lease.told = 0

    def _return_now(self, leases: list[Lease]) -> None:
        keys = [[lease.limit.scope, lease.key, lease.held, 0] for lease in leases if self._is_connected]
        for start in range(0, len(keys), MAX_RETURNED):
            self._sequence += 1
            self._send({"type": "give_back", "seq": self._sequence, "keys": keys[start : start + MAX_RETURNED]})

    def _spend_without(self, lease: Lease, cost: int) -> LimitDecision | None:
        """Without the authority: from what is held, or by this worker's share of the rate, which begins at nothing."""
        limit = lease.limit
        if lease.held >= cost:
            lease.held -= cost
            return allowed(limit, lease.level + lease.held)
        lacking = cost - lease.held
        if alone_capacity(limit, self._share) < lacking:
            return None
        now = self._clock()
        self._accrue(lease, now)
        if lease.alone < lacking:
            wait = max(0.0, lease.alone_at - now)
            return denied(limit, wait + (lacking - lease.alone) / alone_rate(limit, self._share))
        lease.held = 0
        lease.spend_alone(lacking)
        lease.not_full_before(now + limit.fill_time)
        return allowed(limit, int(lease.alone))

    def _accrue(self, lease: Lease, now: float) -> None:
        since = self._alone_since + lease.limit.bucket.alone_after(lease.limit)
        if lease.alone_at < since:
            lease.alone_at = since
            lease.alone = 0.0
        lease.accrue(now, alone_rate(lease.limit, self._share), alone_capacity(lease.limit, self._share))

    def _debts_are_told(self) -> None:
        """The authority has the report, and every debt that was in it."""
        for lease, debt in self._reported_debts.items():
            lease.debt = max(0, lease.debt - debt)
            lease.level -= debt  # the authority after this one must not be told more
        self._reported_debts = {}
