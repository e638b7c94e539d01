"""The leases of a worker: bounded in number, and honest about what it had to forget."""

from collections import OrderedDict
from collections.abc import Mapping

from hotgate.limits.lease import Lease
from hotgate.limits.limit import Limit
from hotgate.limits.report import KeyReport

SWEPT = 2
SCANNED = 32


class LeaseBook(OrderedDict[tuple[str, str], Lease]):
    """(scope, key) → Lease, at most `max_keys` of them. A look-up is a plain dictionary access.

    loss: when something was last forgotten that a new authority would have to know, in monotonic seconds, or None.
    """

    def __init__(self, max_keys: int) -> None:
        super().__init__()
        self._max_keys = max_keys
        self.loss: float | None = None

    def add(self, lease: Lease, now: float) -> Lease | None:
        """Keep a lease. Returns the one that had to go and still has something to settle, if any.

        Raises MemoryError when all that were looked at are in use.
        """
        evicted = None
        self.sweep(SWEPT, now)
        if len(self) >= self._max_keys:
            evicted = self._evict(now)
        self[lease.limit.scope, lease.key] = lease
        return evicted

    def sweep(self, count: int, now: float) -> None:
        """Forget those of the next `count` leases that carry no knowledge."""
        for _ in range(min(count, len(self))):
            key, lease = next(iter(self.items()))
            if lease.is_forgettable(now):
                del self[key]
            else:
                self.move_to_end(key)

    def keep(self, most: int, now: float) -> None:
        """Forget all that carries no knowledge, and what is left beyond so many; tokens of those are lost."""
        for key, lease in list(self.items()):
            if lease.is_forgettable(now) and not lease.held:
                del self[key]
        while len(self) > most:
            self.popitem(last=False)
            self.loss = now

    def changed(self, limits: Mapping[str, Limit]) -> list[Lease]:
        """Those whose limit is another one now. limits: by scope; where there is none, nothing has changed."""
        changed = []
        for lease in self.values():
            limit = limits.get(lease.limit.scope, lease.limit)
            if limit.is_like(lease.limit):
                lease.limit = limit
            else:
                changed.append(lease)
        return changed

    def limits(self) -> tuple[Limit, ...]:
        """The limit of each scope."""
        return tuple({lease.limit.scope: lease.limit for lease in self.values()}.values())

    def reports(self) -> tuple[KeyReport, ...]:
        """What an authority must know of each key."""
        return tuple(
            KeyReport(lease.limit.scope, lease.key, lease.held, lease.level, lease.borrowed, lease.debt)
            for lease in self.values()
        )

    def _evict(self, now: float) -> Lease | None:
        for _ in range(min(SCANNED, len(self))):
            key, lease = next(iter(self.items()))
            self.move_to_end(key)
            if lease.is_idle:
                del self[key]
                if not lease.is_forgettable(now):
                    self.loss = now
                return lease if lease.lent or lease.refunded else None
        raise MemoryError("every lease is in use")
