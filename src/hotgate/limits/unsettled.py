"""The leases of a worker of which the authority has still to hear something, and which of them to look at next."""

from collections.abc import Iterable, Iterator

from hotgate.limits.lease import Lease

REVIEWED = 2048  # leases that only lie there and are looked at in one tick, or a twentieth if there are more


class Unsettled:
    """A set that keeps its order. Those that are pressing are looked at in every tick, all others in turn: there may be
    a hundred thousand.
    """

    __slots__ = ("_all", "_pressing", "_round")

    def __init__(self, leases: Iterable[Lease] = ()) -> None:
        self._all = dict.fromkeys(leases)
        self._pressing = {lease: None for lease in self._all if lease.is_pressing}
        self._round: list[Lease] = []

    def __contains__(self, lease: Lease) -> bool:
        return lease in self._all

    def __iter__(self) -> Iterator[Lease]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, lease: Lease) -> None:
        """The authority lent something, or is owed something."""
        self._all[lease] = None

    def press(self, lease: Lease) -> None:
        """Something is under way, or has to be done in time."""
        self._pressing[lease] = None

    def discard(self, lease: Lease) -> None:
        """It is settled, or gone."""
        self._all.pop(lease, None)
        self._pressing.pop(lease, None)

    def due(self) -> list[Lease]:
        """Those to look at in this tick."""
        if not self._round:
            self._round = list(self._all)
        count = max(REVIEWED, len(self._all) // 20)
        some, self._round = self._round[-count:], self._round[:-count]
        return list({**self._pressing, **dict.fromkeys(some)})

    def reviewed(self) -> None:
        """All that are due were looked at: what is not pressing any more can wait for its turn."""
        self._pressing = {lease: None for lease in self._pressing if lease.is_pressing}
