"""Who is next: by class, and within a class by turns of the owners (`FairQueue`).

Classes share what becomes free by weight, as in stride scheduling: while all four wait, of 85 turns 64 are CRITICAL's,
16 HIGH's, 4 NORMAL's and one is LOW's. So what is important hardly waits, and nothing waits for ever.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

from hotgate.limits.concurrency.fair_queue import FairQueue
from hotgate.limits.concurrency.priority import Priority

T = TypeVar("T", bound=Hashable)

_STRIDES = {Priority.CRITICAL: 1, Priority.HIGH: 4, Priority.NORMAL: 16, Priority.LOW: 64}  # what a turn costs
_KEPT_SHARE = 8  # a class may always have one of so many places of the line


class PriorityLine(Generic[T]):
    """What waits, in order. Bounded by whoever fills it, who asks `has_room` first."""

    __slots__ = ("_passes", "_queues", "_turn")

    def __init__(self) -> None:
        self._queues: dict[Priority, FairQueue[T]] = {priority: FairQueue() for priority in Priority}
        self._passes = dict.fromkeys(Priority, 0)  # when each class has its next turn; the least is next
        self._turn = 0

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def append(self, priority: Priority, owner: str, item: T) -> None:
        """It waits. A class that had nothing waiting has saved up no turns."""
        if not self._queues[priority]:
            self._passes[priority] = max(self._passes[priority], self._turn)
        self._queues[priority].append(owner, item)

    def popleft(self) -> T:
        """Whose turn it is. Raises ValueError when nothing waits."""
        waiting = (priority for priority in Priority if self._queues[priority])
        priority = min(waiting, key=self._passes.__getitem__)  # the more important of two with equal passes
        self._turn = self._passes[priority]
        self._passes[priority] += _STRIDES[priority]
        return self._queues[priority].popleft()

    def discard(self, priority: Priority, owner: str, item: T) -> None:
        """It waits no longer."""
        self._queues[priority].discard(owner, item)

    def ahead_of(self, priority: Priority, owner: str) -> int:
        """About how many would be served before a new one: nobody behind in the order of classes or of turns."""
        own = self._queues[priority]
        turns = (own.count_of(owner) + 1) * own.owners
        return min(len(own), turns) + sum(len(self._queues[each]) for each in Priority if each < priority)

    def has_room(self, priority: Priority, owner: str, size: int) -> bool:
        """Whether somebody gives way to a new one in a line that is full; if not, that one must go.

        Less important classes give way, the least one first, but for an eighth of `size` that each may keep; then
        whoever has most waiting of the same class. A class with less than its eighth takes it from any.
        """
        return self._giving_way(priority, owner, size) is not None

    def make_room(self, priority: Priority, owner: str, size: int) -> T:
        """Take out what gives way. Raises ValueError where nobody does."""
        queue = self._giving_way(priority, owner, size)
        if queue is None:
            raise ValueError("nobody gives way")
        owner, item = queue.newest_of_longest()
        queue.discard(owner, item)
        return item

    def _giving_way(self, priority: Priority, owner: str, size: int) -> FairQueue[T] | None:
        kept = size // _KEPT_SHARE
        is_short = len(self._queues[priority]) < kept
        for other in reversed(Priority):
            if len(self._queues[other]) > kept and (other > priority or (is_short and other != priority)):
                return self._queues[other]
        own = self._queues[priority]
        return own if own.longest > own.count_of(owner) + 1 else None
