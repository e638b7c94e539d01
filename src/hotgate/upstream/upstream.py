"""A named group of targets: what a route points at."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hotgate.upstream.availability import Availability, AvailabilityRules
from hotgate.upstream.balance import BALANCERS
from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.target import ConnectionWaiter, Target


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. head: from the end of the request to the first byte of the answer. total: None is unbounded."""

    connect: float = 2.0
    head: float = 30.0
    read: float = 30.0
    total: float | None = None


class Upstream:
    """preserve_host: send the client's Host, not the target's. recorder: its metrics.

    attempts: how often a request is sent at most, when a connection cannot be made (if `retries_connect`) or the
    answer's status is in `retry_on`. The exchange reads all of these, and counts itself in `uploads` while its client
    has not sent all of its body: at most `max_uploads`, so that slow clients cannot take every connection.
    availability: who decides which targets serve.
    """

    def __init__(
        self,
        name: str,
        targets: Sequence[Target],
        *,
        balance: str = "round_robin",
        timeouts: Timeouts | None = None,
        preserve_host: bool = True,
        attempts: int = 2,
        retries_connect: bool = True,
        retry_on: frozenset[int] = frozenset(),
        recorder: Any = None,
        max_uploads: int = sys.maxsize,
        availability: AvailabilityRules | None = None,
    ) -> None:
        self.name = name
        self.targets = tuple(targets)
        self.timeouts = timeouts or Timeouts()
        self.preserve_host = preserve_host
        self.attempts = attempts
        self.retries_connect = retries_connect
        self.retry_on = retry_on
        self.recorder = recorder
        self.max_uploads = max_uploads
        self.uploads = 0
        self._balance = balance
        count = recorder.ejected if recorder is not None else lambda target: None
        self.availability = Availability(name, self.targets, availability or AvailabilityRules(), self.use, count)

    def use(self, available: Sequence[Target]) -> None:
        """Choose among these of its targets from now on. Called when the state of a target changes, not per request."""
        self._choose = BALANCERS[self._balance](available)

    def acquire(self, waiter: ConnectionWaiter, now: float, *, fresh: bool = False) -> UpstreamConnection | None:
        """A connection at once, or None: then `waiter` is called later. Raises TargetBusy."""
        return self._choose().acquire(waiter, now, fresh=fresh)

    def expire(self, now: float) -> None:
        """Close idle connections that are too old; return targets to service. Called by the tick."""
        for target in self.targets:
            target.expire(now)
        self.availability.tick(now)

    def close(self) -> None:
        """The upstream has left the configuration. Exchanges that have begun finish; `expire` it until `is_unused`."""
        for target in self.targets:
            target.close()

    @property
    def is_unused(self) -> bool:
        """Whether no exchange uses it or waits for it."""
        return all(target.is_unused for target in self.targets)
