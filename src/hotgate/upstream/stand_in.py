"""What a balancer is given in place of a target that must not simply be used.

Balancers and exchanges know only targets, so the way of a request has no question about availability in it.
"""

from collections.abc import Callable
from typing import Any

from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.failure import UpstreamFailure
from hotgate.upstream.target import ConnectionWaiter, Target, TargetBusy


class Trial:
    """A half-open target: passes on a few requests, then calls `on_full`; everything else is the target's."""

    def __init__(self, target: Target, limit: int, on_full: Callable[[], None]) -> None:
        self._target = target
        self._limit = limit
        self._on_full = on_full
        self._under_way: list[ConnectionWaiter] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def acquire(self, waiter: ConnectionWaiter, now: float, *, fresh: bool = False) -> UpstreamConnection | None:
        """As `Target.acquire`."""
        self._under_way.append(waiter)
        if not self.has_room:
            self._on_full()
        return self._target.acquire(waiter, now, fresh=fresh)

    @property
    def has_room(self) -> bool:
        """Whether another request may try it."""
        return len(self._under_way) < self._limit

    def begin(self) -> None:
        """The target has just become half-open."""
        self._under_way.clear()

    def forget_ended(self) -> None:
        """Make room for those that ended, perhaps before anything was known about the target."""
        self._under_way = [waiter for waiter in self._under_way if not (waiter.is_over or waiter.is_done)]


class Nobody:
    """Stands in when there is no target at all: every request fails at once."""

    weight = 1
    active = 0

    def __init__(self, failure: UpstreamFailure) -> None:
        self.name = failure.kind
        self._failure = failure

    def acquire(self, waiter: ConnectionWaiter, now: float, *, fresh: bool = False) -> UpstreamConnection | None:
        """Raises TargetBusy."""
        raise TargetBusy(self._failure)
