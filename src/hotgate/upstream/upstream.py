"""A named group of targets: what a route points at."""

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotgate.limits.concurrency.place_book import KeyedPlaces
from hotgate.observe.recorder import UpstreamRecorder
from hotgate.upstream.availability import Availability, AvailabilityRules
from hotgate.upstream.balance import Balancer, least_busy, round_robin
from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.retry import RetryBudget, RetryRules
from hotgate.upstream.sticky import Sticky
from hotgate.upstream.target import ConnectionWaiter, Target

if TYPE_CHECKING:
    from hotgate.pipeline.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. head: from the end of the request to the first byte of the answer. total: None is unbounded."""

    connect: float = 2.0
    head: float = 30.0
    read: float = 30.0
    total: float | None = None


class Upstream:
    """preserve_host: send the client's Host, not the target's. retries, budget: when a request is sent once more.

    balance: chooses among the targets. sticky: the same if it sets cookies, else None. recorder: its metrics. places:
    for requests that may be here at once, None for any number. adapts: whether their number follows from how long
    answers take. judges_answers: whether the head of an answer decides about a retry, a cookie or places. uploads:
    exchanges whose client has not sent all of its body; at most `max_uploads`, so that slow clients cannot take every
    connection.
    availability: who decides which targets serve.
    """

    def __init__(
        self,
        name: str,
        targets: Sequence[Target],
        *,
        recorder: UpstreamRecorder,
        balance: Balancer = round_robin,
        timeouts: Timeouts | None = None,
        preserve_host: bool = True,
        max_uploads: int = sys.maxsize,
        availability: AvailabilityRules | None = None,
        retries: RetryRules | None = None,
        budget: RetryBudget | None = None,
        places: KeyedPlaces | None = None,
        adapts: bool = False,
    ) -> None:
        self.name = name
        self.targets = tuple(targets)
        self.timeouts = timeouts or Timeouts()
        self.preserve_host = preserve_host
        self.retries = retries or RetryRules()
        self.budget = budget or RetryBudget(recorder)
        self.recorder = recorder
        self.max_uploads = max_uploads
        self.uploads = 0
        self.sticky = balance if isinstance(balance, Sticky) else None
        self.places = places
        self.judges_answers = bool(self.sticky or self.retries.statuses or adapts)
        self._balance = balance
        rules = availability or AvailabilityRules()
        self.availability = Availability(name, self.targets, rules, self.use, recorder.ejected)

    def use(self, available: Sequence[Target]) -> None:
        """Choose among these of its targets from now on. Called when the state of a target changes, not per request."""
        self._available = tuple(available)
        self._choose = self._balance(self._available)

    def acquire(
        self, waiter: ConnectionWaiter, exchange: "Exchange", now: float, *, fresh: bool = False
    ) -> UpstreamConnection | None:
        """A connection at once, or None: then `waiter` is called later. Raises TargetBusy."""
        return self._choose(exchange).acquire(waiter, now, fresh=fresh)

    def acquire_other(
        self, waiter: ConnectionWaiter, exchange: "Exchange", now: float, tried: Collection[str], *, fresh: bool = False
    ) -> UpstreamConnection | None:
        """The same, for another try: of the least busy target that has not been tried, if there is one."""
        others = [target for target in self._available if target.name not in tried]
        target = least_busy(others) if others else self._choose(exchange)
        return target.acquire(waiter, now, fresh=fresh)

    def has_other(self, tried: Collection[str]) -> bool:
        """Whether a target may be used that has not been tried."""
        return any(target.name not in tried for target in self._available)

    def expire(self, now: float) -> None:
        """Close idle connections that are too old; return targets to service. Called by the tick."""
        self.budget.tick(now)
        for target in self.targets:
            target.expire(now)
        self.availability.tick(now)

    def close(self) -> None:
        """The upstream has left the configuration. Exchanges that have begun finish; `expire` it until `is_unused`."""
        for target in self.targets:
            target.close()

    @property
    def open_connections(self) -> int:
        """To all of its targets."""
        return sum(target.active + target.idle_count for target in self.targets)

    @property
    def is_unused(self) -> bool:
        """Whether no exchange uses it or waits for it."""
        return all(target.is_unused for target in self.targets)
