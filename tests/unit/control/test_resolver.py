"""The schedule of look-ups, and what is kept when they fail."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest

from hotgate.control.name_lookup import Found, LookupFailed
from hotgate.control.resolver import LONGEST_RETRY, MOST_AT_ONCE, Resolver

Outcome = Found | Exception


class Scene:
    """outcomes: what looking up each name gives. Time stands still: `wake` ends all pauses."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.asked: list[str] = []
        self.published: list[Mapping[str, tuple[str, ...]]] = []
        self.pauses: list[float] = []
        self._sleepers: list[asyncio.Future[None]] = []
        self.resolver = Resolver(self.lookup, self.published.append, sleep=self._sleep)

    async def lookup(self, name: str) -> Found:
        self.asked.append(name)
        outcome = self.outcomes.get(name, LookupFailed("no such name"))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append(sleeper)
        await sleeper

    async def follow(self, *names: str) -> None:
        await self.resolver.follow(names)
        await self.resolver.wait_for_first(5)
        await settle()

    async def wake(self) -> None:
        sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            if not sleeper.done():
                sleeper.set_result(None)
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def play(script: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        scene = Scene()
        await script(scene)
        await scene.resolver.stop()

    asyncio.run(run())


ONE = Found(("192.0.2.1",), 7.0)
TWO = Found(("192.0.2.2",), 7.0)


def test_a_name_is_looked_up_again_when_its_ttl_is_over() -> None:
    async def script(scene: Scene) -> None:
        scene.outcomes["a"] = ONE
        await scene.follow("a")
        assert scene.resolver.addresses() == {"a": ("192.0.2.1",)}
        assert scene.pauses == [7.0]
        scene.outcomes["a"] = TWO
        await scene.wake()
        assert scene.published == [{"a": ("192.0.2.1",)}, {"a": ("192.0.2.2",)}]

    play(script)


def test_nothing_is_said_when_nothing_has_changed(caplog: pytest.LogCaptureFixture) -> None:
    async def script(scene: Scene) -> None:
        scene.outcomes["a"] = ONE
        await scene.follow("a")
        for _ in range(5):
            await scene.wake()
        assert len(scene.published) == 1
        assert len(scene.asked) == 6

    with caplog.at_level(logging.INFO):
        play(script)
    assert len(caplog.records) == 1


def test_old_addresses_stay_when_the_dns_fails(caplog: pytest.LogCaptureFixture) -> None:
    async def script(scene: Scene) -> None:
        scene.outcomes["a"] = ONE
        await scene.follow("a")
        scene.outcomes["a"] = LookupFailed("no such name")
        for _ in range(3):
            await scene.wake()
        assert scene.resolver.addresses() == {"a": ("192.0.2.1",)}
        assert scene.resolver.state() == [{"name": "a", "addresses": ["192.0.2.1"], "last_error": "no such name"}]
        scene.outcomes["a"] = ONE
        await scene.wake()
        assert scene.resolver.state()[0]["last_error"] is None
        assert len(scene.published) == 1

    with caplog.at_level(logging.INFO):
        play(script)
    assert len(caplog.records) == 3  # found, lost, found again: once per change


def test_failures_are_retried_less_and_less_often() -> None:
    async def script(scene: Scene) -> None:
        await scene.follow("a")
        for _ in range(30):
            await scene.wake()
        assert scene.pauses[:6] == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_RETRY]
        assert set(scene.pauses[6:]) == {LONGEST_RETRY}
        scene.outcomes["a"] = ONE
        await scene.wake()
        scene.outcomes["a"] = LookupFailed("again")
        await scene.wake()
        assert scene.pauses[-1] == 1.0

    play(script)


def test_a_surprise_does_not_end_the_following() -> None:
    async def script(scene: Scene) -> None:
        scene.outcomes["a"] = RuntimeError("bug")
        await scene.follow("a")
        scene.outcomes["a"] = ONE
        await scene.wake()
        assert scene.resolver.addresses() == {"a": ("192.0.2.1",)}

    play(script)


def test_only_the_names_that_are_wanted_are_followed() -> None:
    async def script(scene: Scene) -> None:
        scene.outcomes = {"a": ONE, "b": TWO}
        await scene.follow("a", "b")
        await scene.follow("b", "c")
        assert scene.resolver.addresses() == {"b": ("192.0.2.2",)}
        assert sorted(scene.asked) == ["a", "b", "c"]  # b is not asked about again
        scene.asked.clear()
        await scene.wake()
        assert sorted(scene.asked) == ["b", "c"]

    play(script)


def test_other_name_servers_are_asked_at_once_about_everything() -> None:
    async def script(scene: Scene) -> None:
        scene.outcomes["a"] = ONE
        await scene.follow("a")

        async def other(name: str) -> Found:
            return TWO

        await scene.resolver.use(other)
        assert scene.resolver.addresses() == {"a": ("192.0.2.1",)}
        await settle()
        assert scene.resolver.addresses() == {"a": ("192.0.2.2",)}

    play(script)


def test_the_number_of_questions_under_way_is_bounded() -> None:
    async def script(scene: Scene) -> None:
        under_way = 0
        most = 0

        async def slow(name: str) -> Found:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1
            return ONE

        await scene.resolver.use(slow)
        await scene.follow(*(f"name{index}" for index in range(3 * MOST_AT_ONCE)))
        assert most == MOST_AT_ONCE
        assert len(scene.resolver.addresses()) == 3 * MOST_AT_ONCE

    play(script)


def test_who_waits_for_the_first_answers_does_not_wait_for_ever() -> None:
    async def script(scene: Scene) -> None:
        async def hangs(name: str) -> Found:
            await asyncio.Event().wait()
            return ONE

        await scene.resolver.use(hangs)
        await scene.resolver.follow(["a"])
        await scene.resolver.wait_for_first(0.01)
        assert scene.resolver.addresses() == {}

    play(script)
