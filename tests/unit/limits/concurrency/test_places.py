"""Places at something scarce: taken, waited for within bounds, given back by whoever leaves."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hotgate.limits.concurrency.outlook import Reason
from hotgate.limits.concurrency.places import PlaceRules, Places
from hotgate.limits.concurrency.priority import Priority
from hotgate.limits.tick_clock import TickClock

TICK = 0.25


class Desk:
    """One set of places and those who come. told: what they were told, in that order."""

    def __init__(self, rules: PlaceRules) -> None:
        self.clock = TickClock()
        self.places = Places(rules, self.clock)
        self.told: list[tuple[str, Reason]] = []

    def come(
        self, name: str, priority: Priority = Priority.NORMAL, owner: str = ""
    ) -> "asyncio.Future[Reason] | Reason":
        if self.places.take(name):
            return ""
        told = self.places.wait(name, owner or name.rstrip("0123456789"), priority)
        if isinstance(told, asyncio.Future):
            told.add_done_callback(lambda done: self._note(name, done))
        return told

    def _note(self, name: str, told: "asyncio.Future[Reason]") -> None:
        if not told.cancelled():
            self.told.append((name, told.result()))

    async def advance(self, seconds: float = TICK) -> None:
        self.clock.now += seconds
        self.places.tick()
        await asyncio.sleep(0)


def play(rules: PlaceRules, script: Callable[[Desk], Awaitable[None]]) -> Desk:
    async def played() -> Desk:
        desk = Desk(rules)
        await script(desk)
        await asyncio.sleep(0)
        return desk

    return asyncio.run(played())


def test_who_waits_gets_the_place_that_becomes_free() -> None:
    async def script(desk: Desk) -> None:
        desk.come("a")
        desk.come("b")
        desk.places.leave("a")
        assert desk.places.holders == {"b"}

    assert play(PlaceRules(1, 10), script).told == [("b", "")]


def test_nobody_passes_those_who_wait() -> None:
    async def script(desk: Desk) -> None:
        desk.come("a")
        desk.come("b")
        desk.places.limit = 2
        assert not desk.places.take("c")

    play(PlaceRules(1, 10), script)


def test_one_caller_floods_the_line_and_the_others_still_get_their_turns() -> None:
    async def script(desk: Desk) -> None:
        desk.come("first")
        for number in range(1000):
            desk.come(f"flood{number}")
        desk.come("b")
        desk.come("c")
        assert desk.places.waiting == 10
        holders: list[object] = []
        for _ in range(4):
            desk.places.leave(*desk.places.holders)
            holders += desk.places.holders
        assert holders == ["flood0", "b", "c", "flood1"]

    desk = play(PlaceRules(1, 10), script)
    assert [reason for _, reason in desk.told].count("displaced") == 2


def test_a_line_that_is_full_refuses_at_once() -> None:
    async def script(desk: Desk) -> None:
        desk.come("a")
        desk.come("b")
        assert desk.come("c") == "full"
        assert desk.places.waiting == 1

    play(PlaceRules(1, 1), script)


def test_the_wait_ends_by_the_clock_of_the_ticks() -> None:
    async def script(desk: Desk) -> None:
        desk.come("a")
        desk.come("b")
        await desk.advance(0.75)
        assert desk.told == []
        await desk.advance()
        assert desk.told == [("b", "expired")]
        desk.places.leave("a")
        assert desk.places.is_unused

    play(PlaceRules(1, 10, wait=1.0), script)


def test_a_clock_that_steps_back_keeps_nobody_longer_than_a_place_takes() -> None:
    async def script(desk: Desk) -> None:
        desk.clock.now = 1000.0
        desk.come("a")
        desk.come("b")
        await desk.advance(-500.0)
        assert desk.told == []
        desk.places.leave("a")
        assert desk.places.holders == {"b"}
        desk.come("c")
        await desk.advance(1.0)
        assert desk.told == [("b", ""), ("c", "expired")]

    play(PlaceRules(1, 10, wait=1.0), script)


def test_who_leaves_while_waiting_gives_up_the_place_in_the_line_at_once() -> None:
    async def script(desk: Desk) -> None:
        desk.come("a")
        desk.come("b")
        desk.places.leave("b")
        assert desk.places.waiting == 0
        desk.come("c")
        desk.places.leave("a")
        assert desk.places.holders == {"c"}

    play(PlaceRules(1, 1), script)


def test_a_place_that_comes_as_nobody_wants_it_goes_on_to_the_next() -> None:
    async def script(desk: Desk) -> None:
        desk.come("a")
        gone = desk.come("b")
        assert isinstance(gone, asyncio.Future)
        desk.come("c")
        gone.cancel()
        desk.places.leave("a")
        assert desk.places.holders == {"c"}

    play(PlaceRules(1, 10), script)


def test_a_place_that_was_given_is_given_back_by_who_left_at_that_moment() -> None:
    async def script(desk: Desk) -> None:
        desk.come("a")
        desk.come("b")
        desk.places.leave("a")
        desk.places.leave("b")  # before its task has heard of it
        assert desk.places.is_unused

    play(PlaceRules(1, 10), script)


def test_more_places_are_handed_out_at_once() -> None:
    async def script(desk: Desk) -> None:
        for name in "abcd":
            desk.come(name)
        desk.places.follow(PlaceRules(3, 10))
        assert desk.places.holders == {"a", "b", "c"}

    play(PlaceRules(1, 10), script)


def test_fewer_places_take_none_from_who_has_one() -> None:
    async def script(desk: Desk) -> None:
        for name in "abc":
            desk.come(name)
        desk.places.follow(PlaceRules(1, 10))
        assert desk.places.holders == {"a", "b"}
        desk.places.leave("a")
        assert desk.places.holders == {"b"}
        desk.places.leave("b")
        assert desk.places.holders == {"c"}

    play(PlaceRules(2, 10), script)


@pytest.mark.parametrize(("freed", "expected"), [(0, "late"), (1, "late"), (4, "")])
def test_who_cannot_be_served_in_time_is_refused_at_once(freed: int, expected: str) -> None:
    """freed: places for each tick, in which three come."""

    async def script(desk: Desk) -> None:
        for tick in range(12):
            for number in range(3):
                desk.come(f"x{tick}-{number}", owner=f"{tick}-{number}")
            for holder in list(desk.places.holders)[:freed]:
                desk.places.leave(holder)
            await desk.advance(TICK)
        outcome = desk.come("new", owner="new")
        assert (outcome if isinstance(outcome, str) else "") == expected
        assert desk.places.retry_after() >= 1

    play(PlaceRules(4, 20, wait=1.0), script)


def test_the_important_are_served_in_time_where_others_would_not() -> None:
    async def script(desk: Desk) -> None:
        for tick in range(12):
            for number in range(40 - desk.places.waiting):
                desk.come(f"x{tick}-{number}", owner=str(number))
            desk.places.leave(*list(desk.places.holders)[:1])
            await desk.advance(TICK)
        assert desk.come("normal", owner="normal") == "late"
        assert isinstance(desk.come("high", Priority.HIGH, owner="high"), asyncio.Future)

    play(PlaceRules(1, 50, wait=2.0), script)
