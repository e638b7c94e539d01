"""Things that wait, each somebody's: owners take turns, whoever has a thousand waiting (fair queueing, RFC 970).

Every operation takes the same time however many wait, so that a flood is not made worse by what bounds it.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class FairQueue(Generic[T]):
    """An item may be in it once."""

    __slots__ = ("_by_length", "_count", "_queues")

    def __init__(self) -> None:
        self._queues: dict[str, dict[T, None]] = {}  # whose turn comes next stands first
        self._by_length: list[dict[str, None]] = [{}]  # at each index, the owners who have so many waiting
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def owners(self) -> int:
        """How many have something waiting."""
        return len(self._queues)

    @property
    def longest(self) -> int:
        """How much the owner has waiting who has most."""
        return len(self._by_length) - 1

    def count_of(self, owner: str) -> int:
        """How much an owner has waiting."""
        return len(self._queues.get(owner, ()))

    def append(self, owner: str, item: T) -> None:
        """It waits behind what its owner has waiting."""
        queue = self._queues.setdefault(owner, {})
        queue[item] = None
        self._count += 1
        self._note_length(owner, len(queue) - 1, len(queue))

    def popleft(self) -> T:
        """The first item of the owner whose turn it is; then that one is behind all others. Raises StopIteration."""
        owner = next(iter(self._queues))
        queue = self._queues.pop(owner)
        self._queues[owner] = queue
        item = next(iter(queue))
        self.discard(owner, item)
        return item

    def newest_of_longest(self) -> tuple[str, T]:
        """What gives way when there is no more room, and whose it is (longest queue drop). Raises StopIteration."""
        owner = next(iter(self._by_length[-1]))
        return owner, next(reversed(self._queues[owner]))

    def discard(self, owner: str, item: T) -> None:
        """Take an item out, wherever it stands, if it is there."""
        queue = self._queues.get(owner, {})
        if item not in queue:
            return
        del queue[item]
        self._count -= 1
        if not queue:
            del self._queues[owner]
        self._note_length(owner, len(queue) + 1, len(queue))

    def _note_length(self, owner: str, before: int, after: int) -> None:
        lengths = self._by_length
        lengths[before].pop(owner, None)
        if after:
            if after == len(lengths):
                lengths.append({})
            lengths[after][owner] = None
        if not lengths[-1] and len(lengths) > 1:
            lengths.pop()
