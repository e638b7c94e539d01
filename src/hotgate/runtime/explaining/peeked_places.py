"""Places that nobody takes: steps that are explained are told what the workers' own places would say.

Each worker counts for itself, and nobody knows which one will take the request. It is refused if all of them would do
so; else it passes, and notes say how it stands.
"""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from typing import Protocol

from hotgate.limits.concurrency.outlook import NO_WISH, Outlook, PlaceWish, Reason
from hotgate.limits.concurrency.place_book import KeyedPlaces, PlaceBook, PlacePlan, Rules
from hotgate.limits.concurrency.priority import Priority
from hotgate.runtime.workers.worker_view import WorkerView


class Look(Protocol):
    """Asks every worker how it sees an upstream, a limit by scope and key, and a place."""

    def __call__(
        self, upstream: str = "", limit: tuple[str, str] = ("", ""), place: PlaceWish = NO_WISH
    ) -> Awaitable[Sequence[WorkerView | None]]:
        """None of a worker that is silent."""
        ...


class PeekingBook(PlaceBook):
    """look: None where no gateway runs. notes: what is not certain, since they were last cleared."""

    def __init__(self, look: Look | None) -> None:
        super().__init__()
        self.look = look
        self.notes: list[str] = []

    def plan(self) -> PlacePlan:
        """One whose places are looked at only."""
        return _PeekingPlan(self)


class _PeekingPlan(PlacePlan):
    def __init__(self, book: PeekingBook) -> None:
        super().__init__(book)
        self._book = book

    def make(self, name: str, rules: Rules) -> KeyedPlaces:
        return _PeekingPlaces(name, rules, self._book)


class _PeekingPlaces(KeyedPlaces):
    """Steps use it as `KeyedPlaces`: nobody ever has one of its places, and all have to wait for what workers say."""

    __slots__ = ("_book", "_name", "_retry_after")

    def __init__(self, name: str, rules: Rules, book: PeekingBook) -> None:
        super().__init__(rules, book.clock)
        self._name = name
        self._book = book
        self._retry_after = 1

    def take(self, holder: object, key: str) -> bool:
        """`wait` says it, where there is somebody to ask."""
        if self._book.look is None:
            self._book.notes.append("no gateway was asked whether a place is free")
        return self._book.look is None

    def wait(self, holder: object, key: str, owner: str, priority: Priority) -> "asyncio.Future[Reason] | Reason":
        """What would be decided."""
        look = self._book.look
        assert look is not None
        return asyncio.ensure_future(self._looked(look, PlaceWish(self._name, key, owner, priority.label)))

    def retry_after(self, key: str) -> int:
        """Of the worker where it is least."""
        return self._retry_after

    async def _looked(self, look: Look, wish: PlaceWish) -> Reason:
        views = await look(place=wish)
        told = [view.place for view in views if view is not None]
        refusing = [each for each in told if each.refusal]
        if refusing and len(refusing) == len(views):
            self._retry_after = min(each.retry_after for each in refusing)
            return refusing[0].refusal
        self._book.notes += _doubts(told, len(views))
        return ""


def _doubts(told: Sequence[Outlook], workers: int) -> Iterator[str]:
    """How it stands where not every worker has a place free, or refuses."""
    refusing = [each for each in told if each.refusal]
    waiting = [each.ahead for each in told if each.ahead is not None and not each.refusal]
    if refusing:
        yield f"{len(refusing)} of {workers} workers would refuse it: {refusing[0].refusal}"
    if waiting:
        least, most = min(waiting), max(waiting)
        ahead = f"{least}" if least == most else f"{least} to {most}"
        yield f"{len(waiting)} of {workers} workers would let it wait, with {ahead} ahead"
    if not told:
        yield "no worker said whether it has a place free"
    elif len(told) < workers:
        yield f"{workers - len(told)} of {workers} workers did not say whether they have a place free"
