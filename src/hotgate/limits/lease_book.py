"""The leases of a worker: bounded in number, and honest about what it had to forget."""

import math
from collections.abc import Iterator, Mapping
from itertools import chain, islice

from hotgate.limits.lease import Lease
from hotgate.limits.limit import Limit
from hotgate.limits.report import KeyReport, Report

MAX_REPORTED = 4000  # keys in a report: some 1 MB at most
REVIEWED = 2048  # leases that are looked at in one tick, or a twentieth if there are more
SCANNED = 32  # that are looked at to find one that can go


class LeaseBook:
    """At most `max_keys` leases. by_scope: scope → key → lease.

    They are looked at in rounds, some in each tick: there may be a hundred thousand. loss: when something was last
    forgotten that a new authority would have to know, in monotonic seconds, or None.
    """

    def __init__(self, max_keys: int) -> None:
        self.by_scope: dict[str, dict[str, Lease]] = {}
        self.loss: float | None = None
        self._max_keys = max_keys
        self._size = 0
        self._ends: dict[str, float] = {}  # of a scope, when the first of its leases ends
        self._round: list[Lease] = []

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Lease]:
        return chain.from_iterable(leases.values() for leases in self.by_scope.values())

    def __contains__(self, lease: Lease) -> bool:
        """Whether it is this lease that is kept of the key. If not, nothing may be said of the key in its name."""
        return self.get(lease.limit.scope, lease.key) is lease

    def get(self, scope: str, key: str) -> Lease | None:
        """The lease of a key, if there is one."""
        leases = self.by_scope.get(scope)
        return None if leases is None else leases.get(key)

    def add(self, lease: Lease, now: float) -> Lease | None:
        """Keep a lease. Returns the one that had to go and still has something to settle, if any.

        Raises MemoryError when all that were looked at are in use.
        """
        evicted = self._evict(now) if self._size >= self._max_keys else None
        self.by_scope.setdefault(lease.limit.scope, {})[lease.key] = lease
        self._size += 1
        return evicted

    def due(self) -> list[Lease]:
        """Those to look at in this tick, each once: where a round ends and another begins, some would come again."""
        return list(dict.fromkeys(self._next(min(self._size, max(REVIEWED, self._size // 20)))))

    def will_end(self, lease: Lease) -> None:
        """What it holds belongs to a period (`Pending.ends`)."""
        scope = lease.limit.scope
        self._ends[scope] = min(lease.pending.ends, self._ends.get(scope, math.inf))

    def ended(self, now: float) -> list[Lease]:
        """Those of periods that are over. All of one limit end at about the same time, so they are not looked at
        before.
        """
        ended: list[Lease] = []
        for scope in [scope for scope, ends in self._ends.items() if now >= ends]:
            del self._ends[scope]
            for lease in self.by_scope.get(scope, {}).values():
                if now >= lease.pending.ends:
                    ended.append(lease)
                elif lease.pending.ends < math.inf:
                    self.will_end(lease)
        return ended

    def forget(self, lease: Lease) -> None:
        """There is nothing to know of its key."""
        leases = self.by_scope[lease.limit.scope]
        del leases[lease.key]
        self._size -= 1
        if not leases:
            del self.by_scope[lease.limit.scope]

    def changed(self, limits: Mapping[str, Limit]) -> list[Lease]:
        """Those whose limit is another one now. limits: by scope; where there is none, nothing has changed."""
        changed = []
        for scope in limits.keys() & self.by_scope.keys():
            limit, alike = limits[scope], dict[Limit, bool]()  # leases of a scope have the same one, but for a few
            for lease in self.by_scope[scope].values():
                before = lease.limit
                if before not in alike:
                    alike[before] = limit.is_like(before)
                if alike[before]:
                    lease.limit = limit
                else:
                    changed.append(lease)
        return changed

    def report(self, now: float, *, is_fresh: bool, sequence: int, share: float) -> Report:
        """What an authority that this worker meets must know; from now on it does."""
        self._keep(MAX_REPORTED, now)
        for lease in self:
            lease.meet_authority(now)
        keys = tuple(
            KeyReport(lease.limit.scope, lease.key, lease.held, lease.level, lease.pending.borrowed, lease.pending.debt)
            for lease in self
        )
        for lease in self:
            lease.reported()
        limits = {lease.limit.scope: lease.limit for lease in self}
        return Report(is_fresh, sequence, share, self.loss, tuple(limits.values()), keys)

    def _next(self, count: int) -> Iterator[Lease]:
        """The next of this round, or the first of another one, oldest first. Some may have gone since it began."""
        for _ in range(count):
            if not self._round:
                self._round = list(self)
                self._round.reverse()
            lease = self._round.pop()
            if lease in self:
                yield lease

    def _keep(self, most: int, now: float) -> None:
        """Forget all that carries no knowledge, and what is left beyond so many; tokens of those are lost."""
        for lease in list(self):
            if lease.is_forgettable(now) and not lease.held:
                self.forget(lease)
        for lease in list(islice(self, max(0, self._size - most))):
            self.forget(lease)
            self.loss = now
        self._round = []

    def _evict(self, now: float) -> Lease | None:
        for lease in self._next(SCANNED):
            if lease.pending.is_idle:
                self.forget(lease)
                if not lease.is_forgettable(now):
                    self.loss = now
                return lease if lease.lent or lease.pending.refunded else None
        raise MemoryError("every lease is in use")
