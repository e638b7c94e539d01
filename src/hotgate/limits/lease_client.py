"""The worker's side of the limiter: spends what it was lent, and asks for more before it runs out.

Everything runs on the worker's event loop. The clock must be the one that the authority reads.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

from hotgate.limits.decision import LimitDecision
from hotgate.limits.key import MAX_KEY_LENGTH
from hotgate.limits.lease import Lease
from hotgate.limits.lease_book import SCANNED, LeaseBook
from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from hotgate.limits.report import KeyReport, Report, later
from hotgate.limits.share import local_capacity

Message = dict[str, Any]
Outcome = LimitDecision | None | Awaitable[LimitDecision | None]

MAX_WAITERS = 1024  # requests that may wait for tokens of one key
MAX_REPORTED = 4000  # keys in a report: some 1 MB at most
MAX_RETURNED = 1000  # keys in one message that gives tokens back
MAX_FETCH = 4096  # tokens to want at once
_ROUNDING = 1e-6  # 60 times 1/60 of a second is a little more than a second
DEADLINE = 1.0  # seconds a request may wait for the authority
IDLE = 1.0  # seconds after which an unused lease goes back
RECHECK = 1.0  # seconds for which a denial is believed: tokens may come back from another worker


class LeaseClient:
    """send: carries a message to the authority, or loses it.

    `spend` is the hot path. It returns a decision, an awaitable of one when the authority must be asked, or None when
    nothing can be decided: the authority is out of reach and the limit too small to be shared out, or does not answer.
    """

    def __init__(
        self,
        send: Callable[[Message], object],
        clock: Callable[[], float],
        *,
        max_keys: int = 10_000,
    ) -> None:
        self._send = send
        self._clock = clock
        self._leases = LeaseBook(max_keys)
        self._unsettled: dict[Lease, None] = {}
        self._sequence = 0
        self._reported = 0
        self._share = 0.0
        self._is_fresh = True
        self._is_connected = False
        self._is_welcome = True
        self._alone_since = clock()

    @property
    def known_keys(self) -> int:
        """How many leases are kept, empty ones included."""
        return len(self._leases)

    def spend(self, limit: Limit, key: str) -> Outcome:
        """Admit or deny one request. `key` has at most 128 characters (`bounded_key`); raises ValueError otherwise."""
        lease = self._leases.get((limit.scope, key))
        if lease is None or lease.held <= lease.low:
            return self._spend_last(limit, key, lease)
        lease.held -= 1
        lease.is_busy = True
        remaining = lease.level + lease.held
        reset = math.ceil((limit.capacity - remaining) * limit.seconds_per_token - _ROUNDING)
        return LimitDecision(
            limit.name, quota=limit.quota, window=limit.window_seconds, remaining=remaining, reset=reset, allowed=True
        )

    def on_message(self, message: Message) -> None:
        """What the authority says. Raises KeyError, TypeError or ValueError if it is malformed."""
        kind = message["type"]
        if kind not in ("welcome", "grant", "loss"):
            raise ValueError("unknown type of message")
        if message["loss"] is not None:
            self._leases.loss = later(self._leases.loss, float(message["loss"]))
        if kind == "loss" or not self._is_connected or message["seq"] < self._reported:
            return  # or from an authority that is no more
        self._is_welcome = True
        self._share = float(message["share"])
        self._is_fresh = False
        lease = self._leases.get((message["scope"], message["key"])) if kind == "grant" else None
        if lease is not None and lease.in_flight == message["seq"]:
            self._granted(lease, message)

    def tick(self, now: float) -> None:
        """Called some four times a second: deadlines of those who wait, and return of what lies idle."""
        idle = [lease for lease in list(self._unsettled) if self._review(lease, now)]
        if self._is_connected:
            self._give_back(idle, now)
        self._leases.sweep(SCANNED, now)

    def release(self) -> None:
        """Give everything back: the worker is about to end."""
        if self._is_connected:
            self._give_back([lease for lease in self._unsettled if lease.is_idle], self._clock())

    def authority_lost(self) -> None:
        """Serve alone from now on: from the leases there are, then by this worker's share of each rate."""
        if not self._is_connected:
            return
        self._is_connected = False
        self._alone_since = self._clock()
        for lease in self._leases.values():
            lease.in_flight = 0
            lease.low = 0
            while lease.waiters:
                waiter, _ = lease.waiters.popleft()
                if not waiter.done():
                    waiter.set_result(self._spend_alone(lease))

    def authority_found(self) -> Message:
        """There is an authority, the same or a new one: the report it must be sent before any other message."""
        self.authority_lost()
        now = self._clock()
        if not self._is_welcome:
            self._leases.loss = now  # whatever the last authority knew of losses, it never said
        self._is_welcome = False
        self._forget_unreported(now)
        self._sequence += 1
        self._reported = self._sequence
        report = Report(
            is_fresh=self._is_fresh,
            sequence=self._sequence,
            share=self._share,
            loss=self._leases.loss,
            limits=tuple({lease.limit.scope: lease.limit for lease in self._leases.values()}.values()),
            keys=tuple(
                KeyReport(lease.limit.scope, lease.key, lease.held, lease.level, lease.borrowed)
                for lease in self._leases.values()
            ),
        )
        for lease in self._leases.values():
            lease.lent = lease.held
            lease.alone = 0.0
        self._unsettled = {lease: None for lease in self._leases.values() if lease.lent}
        self._is_connected = True
        return report.message()

    def _spend_last(self, limit: Limit, key: str, lease: Lease | None) -> Outcome:
        """The last tokens of a lease, or none: everything that is not the hot path."""
        if lease is None:
            lease = self._open(limit, key)
            if lease is None:
                return None
        lease.limit = limit
        lease.is_busy = True
        if lease.held > 0:
            lease.held -= 1
            if self._is_connected and not lease.in_flight:
                self._ask(lease)
            return _allowed(limit, lease.level + lease.held)
        if not self._is_connected:
            return self._spend_alone(lease)
        now = self._clock()
        if now < lease.denied_until:
            return _denied(limit, lease.retry_at - now)
        return self._wait(lease, now)

    def _open(self, limit: Limit, key: str) -> Lease | None:
        if len(key) > MAX_KEY_LENGTH:
            raise ValueError("the key is too long")
        now = self._clock()
        lease = Lease(limit, key, now)
        try:
            evicted = self._leases.add(lease, now)
        except MemoryError:
            return None
        if evicted is not None:
            self._unsettled.pop(evicted, None)
            self._return_now([evicted])
        return lease

    def _wait(self, lease: Lease, now: float) -> Outcome:
        if len(lease.waiters) >= MAX_WAITERS:
            return None
        waiter: asyncio.Future[LimitDecision | None] = asyncio.get_running_loop().create_future()
        lease.waiters.append((waiter, now + DEADLINE))
        if not lease.in_flight:
            self._ask(lease)
        self._unsettled[lease] = None
        return waiter

    def _ask(self, lease: Lease) -> None:
        """One request in flight for a key; the authority answers it with a grant of the same sequence number."""
        self._sequence += 1
        lease.in_flight = self._sequence
        lease.asked_at = self._clock()
        lease.low = 0
        request = LeaseRequest(lease.limit, lease.key, len(lease.waiters), lease.fetch, lease.held)
        self._send(request.message(self._sequence))

    def _granted(self, lease: Lease, message: Message) -> None:
        now = self._clock()
        granted = int(message["granted"])
        lease.in_flight = 0
        if message["must_wait"]:
            return  # `tick` asks again
        lease.held += granted
        lease.lent = lease.held
        lease.borrowed = 0
        lease.level = int(message["remaining"])
        lease.not_full_before(now + (lease.limit.capacity - lease.level) * lease.limit.seconds_per_token)
        if granted:
            self._unsettled[lease] = None
            lease.is_busy = True
            lease.fetch = min(2 * lease.fetch, MAX_FETCH)
        retry_after = float(message["retry_after"])
        lease.retry_at = now + retry_after
        lease.denied_until = now + min(retry_after, RECHECK)
        self._pay(lease, now, is_denied=retry_after > 0)
        # A lease of one token is the mark of a small limit: fetching ahead would keep it from other workers.
        lease.low = lease.held // 2 if granted > 1 else 0
        if lease.waiters and not lease.in_flight:
            self._ask(lease)

    def _pay(self, lease: Lease, now: float, *, is_denied: bool) -> None:
        """Serve those who wait, in order: with tokens, or with the denial that has just come."""
        while lease.waiters and (lease.held or is_denied):
            waiter, _ = lease.waiters.popleft()
            if waiter.done():
                continue
            if lease.held:
                lease.held -= 1
                waiter.set_result(_allowed(lease.limit, lease.level + lease.held))
            else:
                waiter.set_result(_denied(lease.limit, lease.retry_at - now))

    def _review(self, lease: Lease, now: float) -> bool:
        """Handle what is overdue for one lease. True if it has been idle for long."""
        if lease.in_flight and now - lease.asked_at >= DEADLINE:
            lease.in_flight = 0  # lost; a grant that still comes is not accepted
            lease.low = lease.held
        while lease.waiters and (now >= lease.waiters[0][1] or lease.waiters[0][0].done()):
            waiter, _ = lease.waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
        if lease.waiters and not lease.in_flight:
            self._ask(lease)
        if lease.is_busy or not lease.is_idle:
            lease.is_busy = False
            lease.idle_since = now
            return False
        return now - lease.idle_since >= IDLE

    def _give_back(self, leases: list[Lease], now: float) -> None:
        for start in range(0, len(leases), MAX_RETURNED):
            self._return_now(leases[start : start + MAX_RETURNED])
        for lease in leases:
            # What was spent and not told until now refills only from here.
            lease.not_full_before(now + lease.lent * lease.limit.seconds_per_token)
            lease.held = lease.lent = lease.low = 0
            del self._unsettled[lease]

    def _return_now(self, leases: list[Lease]) -> None:
        if not leases or not self._is_connected:
            return
        self._sequence += 1
        keys = [[lease.limit.scope, lease.key, lease.held, 0] for lease in leases]
        self._send({"type": "give_back", "seq": self._sequence, "keys": keys})

    def _spend_alone(self, lease: Lease) -> LimitDecision | None:
        """Without the authority: by this worker's share of the rate, from nothing at the moment it was lost."""
        limit = lease.limit
        capacity = local_capacity(limit.capacity, self._share)
        if capacity < 1:
            return None
        if lease.alone_at < self._alone_since:
            lease.alone_at = self._alone_since
            lease.alone = 0.0
        now = self._clock()
        lease.accrue(now, self._share, capacity)
        if lease.alone < 1:
            return _denied(limit, (1 - lease.alone) / (limit.rate * self._share))
        lease.alone -= 1
        lease.borrowed += 1
        lease.not_full_before(now + limit.fill_time)
        return _allowed(limit, int(lease.alone))

    def _forget_unreported(self, now: float) -> None:
        """Keep only as many leases as a report may have; tokens of the others are lost."""
        for key, lease in list(self._leases.items()):
            if lease.is_forgettable(now) and not lease.held:
                del self._leases[key]
        while len(self._leases) > MAX_REPORTED:
            self._leases.popitem(last=False)
            self._leases.loss = now


def _allowed(limit: Limit, remaining: int) -> LimitDecision:
    reset = math.ceil((limit.capacity - remaining) * limit.seconds_per_token - _ROUNDING)
    return LimitDecision(
        limit.name, quota=limit.quota, window=limit.window_seconds, remaining=remaining, reset=reset, allowed=True
    )


def _denied(limit: Limit, seconds: float) -> LimitDecision:
    return LimitDecision(
        limit.name,
        quota=limit.quota,
        window=limit.window_seconds,
        remaining=0,
        reset=math.ceil(limit.fill_time),
        allowed=False,
        retry_after=max(1, math.ceil(seconds)),
    )
