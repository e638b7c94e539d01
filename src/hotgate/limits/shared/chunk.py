"""What a node holds of one key: tokens that the store lent it, and those of them that its workers have."""

from collections import deque
from dataclasses import dataclass, replace

from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from hotgate.limits.shared.ask import Ask, Supply, key_name

_FIRST_FETCH = 16


@dataclass(frozen=True, slots=True)
class Waiting:
    """A worker's request, and the sequence number that the answer must have."""

    worker: str
    sequence: int
    request: LeaseRequest


class Chunk:
    """free: tokens that no worker has. low: at fewer of them more are fetched. leased: worker → tokens that it may
    still hold. until: monotonic seconds; from then on none of them may be spent. is_over: all of it goes back with the
    next question. is_unsettled: the store may believe that something is held. fetch: how much to want next. remaining:
    what the store has left for anybody. waiting: workers' requests, in order. touched: when it was last used. refunded,
    spent_at, is_reset: what the store must still be told, as `Ask` has them.
    """

    __slots__ = (
        "debt",
        "denied_least",
        "denied_until",
        "fetch",
        "free",
        "is_over",
        "is_queued",
        "is_reset",
        "is_unsettled",
        "leased",
        "limit",
        "low",
        "name",
        "partition",
        "pending",
        "refunded",
        "remaining",
        "retry_at",
        "spent_at",
        "touched",
        "until",
        "waiting",
    )

    def __init__(self, limit: Limit, key: str, now: float) -> None:
        self.limit = limit
        self.partition, self.name = key_name(limit.scope, key)
        self.free = 0
        self.low = 0
        self.leased: dict[str, int] = {}
        self.until = now
        self.fetch = _FIRST_FETCH
        self.remaining = 0
        self.debt = 0
        self.refunded = 0
        self.spent_at = 0.0
        self.denied_least = 0
        self.denied_until = now
        self.retry_at = now
        self.touched = now
        self.is_reset = False
        self.is_unsettled = False
        self.is_over = False
        self.is_queued = False
        self.pending: Ask | None = None
        self.waiting: deque[Waiting] = deque()

    @property
    def held(self) -> int:
        """All tokens that may still be spent."""
        return self.free + sum(self.leased.values())

    @property
    def level(self) -> int:
        """Tokens that are left for anybody here."""
        return max(0, self.remaining + self.free)

    @property
    def is_pressing(self) -> bool:
        """Whether the store is to be asked, or told something, soon."""
        return bool(self.waiting) or self.debt > 0 or self.refunded > 0 or self.is_reset

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits and nothing is on its way to the store."""
        return not (self.waiting or self.pending or self.is_queued)

    def expire(self, now: float) -> None:
        """Forget what may no longer be spent."""
        if now >= self.until and (self.free or self.leased):
            self.free = 0
            self.leased.clear()

    def settle(self, worker: str, held: int) -> None:
        """What a worker still holds: no more than it was lent."""
        held = min(held, self.leased.get(worker, 0))
        if held > 0:
            self.leased[worker] = held
        else:
            self.leased.pop(worker, None)

    def give_back(self, worker: str, tokens: int, held: int) -> None:
        """A worker returns tokens and keeps `held`; what was not lent cannot be returned."""
        returned = min(tokens, self.leased.get(worker, 0) - held)
        self.settle(worker, held)
        self.free += max(0, returned)

    def refund(self, tokens: int, spent_at: float) -> None:
        """A worker did not use what it had spent."""
        if tokens:
            self.spent_at = min(spent_at, self.spent_at) if self.refunded else spent_at
            self.refunded += tokens

    def lend(self, worker: str, request: LeaseRequest, workers: int) -> int | None:
        """Move tokens to a worker: a part of what is free, and at least what it needs; None if that is not there."""
        if self.free < min(request.least, request.need):
            return None
        granted = min(self.free, max(request.need, min(request.want, self.free // workers)))
        self.free -= granted
        if granted:
            self.leased[worker] = self.leased.get(worker, 0) + granted
        return granted

    def ask(self, most: int) -> Ask:
        """What to ask the store for now: at most so many tokens besides those that are waited for."""
        is_over = self.is_over and not self.waiting and not self.leased
        asked = self._ask_back() if is_over else self._ask_on(most)
        self.pending = replace(
            asked, debt=self.debt, refunded=self.refunded, spent_at=self.spent_at, is_reset=self.is_reset
        )
        self.refunded, self.is_reset, self.is_queued = 0, False, False
        return self.pending

    def _ask_back(self) -> Ask:
        returned, self.free, self.low = self.free, 0, 0
        return Ask(self.limit, self.name, returned=returned)

    def _ask_on(self, most: int) -> Ask:
        need = max(0, sum(each.request.need for each in self.waiting) - self.free)
        first = min(self.waiting[0].request.least, self.waiting[0].request.need) if self.waiting else 0
        least = min(need, max(0, first - self.free))
        want = min(self.fetch, most) if need or self.free < self.low else 0
        return Ask(self.limit, self.name, need=need, least=least, want=want, held=self.held)

    def supplied(self, supply: Supply, until: float, now: float) -> None:
        """What the store answered; `until` its lease ends, by this node's clock."""
        asked = self.pending
        assert asked is not None
        self.pending = None
        self.debt -= asked.debt
        if supply.held < asked.held:  # the store has forgotten what it lent, or its time is over
            self.free = 0
            self.leased.clear()
        self.free += supply.granted
        self.until = until
        self.remaining = supply.remaining
        self.is_unsettled = self.free > 0 or bool(self.leased) or supply.granted > 0
        if supply.granted:
            self.fetch *= 2
            self.low = supply.granted // 2 if supply.granted > 1 else 0
        self.denied_least = asked.least
        self.retry_at = now + supply.retry_after

    def failed(self) -> None:
        """The store gave no answer, and may have heard the question: what was given back with it is lost, a debt may be
        told twice, and tokens may be lent that nobody has.
        """
        assert self.pending is not None
        self.is_reset = self.is_reset or self.pending.is_reset
        self.is_unsettled = True
        self.pending = None
