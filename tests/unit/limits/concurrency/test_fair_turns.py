"""Turns at something scarce: who waits, whose turn is next, and who loses when too many wait."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hotgate.limits.concurrency.fair_turns import FairTurns, NoTurn


class Queue:
    """Owners who wait. order: in which they had their turn. lost: who got none."""

    def __init__(self, at_once: int = 1, most_waiting: int = 4) -> None:
        self.turns = FairTurns(at_once, most_waiting)
        self.order: list[str] = []
        self.lost: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def join(self, *owners: str) -> None:
        for owner in owners:
            self.tasks.append(asyncio.create_task(self._wait(owner)))
            await asyncio.sleep(0)

    async def leave(self, times: int = 1) -> None:
        for _ in range(times):
            self.turns.leave()
            await asyncio.sleep(0)

    async def _wait(self, owner: str) -> None:
        try:
            await self.turns.enter(owner)
        except NoTurn:
            self.lost.append(owner)
        else:
            self.order.append(owner)


def play(script: Callable[[Queue], Awaitable[None]], **sizes: int) -> Queue:
    async def played() -> Queue:
        queue = Queue(**sizes)
        await script(queue)
        for task in queue.tasks:
            task.cancel()
        await asyncio.gather(*queue.tasks, return_exceptions=True)
        return queue

    return asyncio.run(played())


def test_so_many_enter_at_once_and_the_others_wait() -> None:
    async def script(queue: Queue) -> None:
        await queue.join("a", "a", "a")
        assert queue.order == ["a", "a"]
        await queue.leave()

    assert play(script, at_once=2).order == ["a", "a", "a"]


def test_owners_take_turns_however_many_wishes_one_has() -> None:
    async def script(queue: Queue) -> None:
        await queue.join("x", "flood", "flood", "flood", "b", "c")
        await queue.leave(5)

    assert play(script, most_waiting=10).order == ["x", "flood", "b", "c", "flood", "flood"]


def test_a_full_queue_takes_from_who_has_most_waiting() -> None:
    async def script(queue: Queue) -> None:
        await queue.join("x", "flood", "flood", "flood", "flood", "b", "c")
        await queue.leave(4)

    queue = play(script)
    assert queue.lost == ["flood", "flood"]
    assert queue.order == ["x", "flood", "b", "c", "flood"]


def test_who_has_most_waiting_gets_no_further_turn_when_it_is_full() -> None:
    async def script(queue: Queue) -> None:
        await queue.join("x", "flood", "flood", "flood", "b", "flood")

    assert play(script).lost == ["flood"]


def test_when_everybody_has_one_waiting_the_next_loses() -> None:
    async def script(queue: Queue) -> None:
        await queue.join("x", "a", "b", "c", "d", "e")

    assert play(script).lost == ["e"]


def test_who_stops_waiting_leaves_the_place_to_others() -> None:
    async def script(queue: Queue) -> None:
        await queue.join("x", "a", "b")
        queue.tasks[1].cancel()
        await asyncio.sleep(0)
        await queue.leave()

    assert play(script).order == ["x", "b"]


def test_a_turn_that_comes_as_nobody_wants_it_goes_on_to_the_next() -> None:
    async def script(queue: Queue) -> None:
        await queue.join("x", "a", "b")
        queue.turns.leave()
        queue.tasks[1].cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    assert play(script).order == ["x", "b"]


def test_after_everybody_has_left_turns_are_free_again() -> None:
    async def script(queue: Queue) -> None:
        await queue.join("a", "b")
        await queue.leave(2)
        await queue.join("c")

    assert play(script).order == ["a", "b", "c"]


@pytest.mark.parametrize("count", [1000])
def test_a_flood_of_owners_is_bounded(count: int) -> None:
    async def script(queue: Queue) -> None:
        await queue.join("x", *map(str, range(count)))
        assert len(queue.lost) == count - 4

    play(script)
