"""The leases of a worker: bounded in number, and honest about what it had to forget."""

from collections import OrderedDict

from hotgate.limits.lease import Lease

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

    def _evict(self, now: float) -> Lease | None:
        for _ in range(min(SCANNED, len(self))):
            key, lease = next(iter(self.items()))
            self.move_to_end(key)
            if lease.is_idle:
                del self[key]
                if not lease.is_forgettable(now):
                    self.loss = now
                return lease if lease.lent else None
        raise MemoryError("every lease is in use")
