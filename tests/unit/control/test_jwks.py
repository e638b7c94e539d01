"""The schedule of key sets: when they are fetched, when not, and what is published."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hotgate.control.download import FetchFailed
from hotgate.control.jwks import (
    DEFAULT_INTERVAL,
    FILE_INTERVAL,
    FORCED_INTERVAL,
    JITTER,
    MAX_INTERVAL,
    MIN_INTERVAL,
    JwksRefresher,
    JwksSource,
)
from hotgate.control.jwks_fetch import Fetched
from hotgate.testing.issuer import Issuer

FIRST, SECOND = Issuer(kid="a").jwks(), Issuer(kid="b").jwks()
CORP = JwksSource("corp", "https://idp.test/jwks")


class World:
    """An issuer, a clock and a sleep that ends when the test says so."""

    def __init__(self, *sources: JwksSource) -> None:
        self.now = 0.0
        self.answer: Fetched | Exception = Fetched(FIRST)
        self.locations: list[str] = []
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.delays: list[float] = []
        self.fetching = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.is_asleep = asyncio.Event()
        self.wake = asyncio.Event()
        self.refresher = JwksRefresher(
            sources or (CORP,), self.publish, self.fetch, clock=lambda: self.now, sleep=self.sleep
        )

    def publish(self, name: str, document: dict[str, Any]) -> None:
        self.published.append((name, document))

    async def fetch(self, location: str) -> Fetched:
        self.locations.append(location)
        self.fetching.set()
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def sleep(self, seconds: float) -> None:
        self.delays.append(seconds)
        self.is_asleep.set()
        await self.wake.wait()
        self.wake.clear()

    async def round(self) -> float:
        """Let one scheduled fetch happen; returns the delay until the next one."""
        self.is_asleep.clear()
        self.wake.set()
        await self.is_asleep.wait()
        return self.delays[-1]

    async def begin(self) -> float:
        self.refresher.start()
        await self.is_asleep.wait()
        return self.delays[-1]

    def state(self) -> dict[str, Any]:
        (state,) = self.refresher.state()
        return state


def run(scenario: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        world = World()
        try:
            await scenario(world)
        finally:
            await world.refresher.stop()

    asyncio.run(play())


def near(seconds: float) -> Any:
    return pytest.approx(seconds, rel=JITTER)


def test_a_document_is_published_at_once_and_again_only_when_it_changes() -> None:
    async def scenario(world: World) -> None:
        assert await world.begin() == near(DEFAULT_INTERVAL)
        await world.round()
        assert world.published == [("corp", FIRST)]
        world.answer = Fetched(SECOND)
        await world.round()
        assert world.published == [("corp", FIRST), ("corp", SECOND)]
        assert world.refresher.documents() == {"corp": SECOND}

    run(scenario)


@pytest.mark.parametrize(
    ("max_age", "delay"), [(None, DEFAULT_INTERVAL), (0, MIN_INTERVAL), (600, 600), (10**9, MAX_INTERVAL)]
)
def test_the_issuer_may_say_how_long_within_bounds(max_age: float | None, delay: float) -> None:
    async def scenario(world: World) -> None:
        world.answer = Fetched(FIRST, max_age)
        assert await world.begin() == near(delay)

    run(scenario)


def test_an_outage_is_in_the_log_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def scenario(world: World) -> None:
        world.answer = FetchFailed("Connection refused")
        await world.begin()
        await world.round()
        world.answer = Fetched(FIRST)
        await world.round()
        await world.round()

    run(scenario)
    assert [record.getMessage() for record in caplog.records] == [
        "key set corp cannot be fetched: Connection refused",
        "key set corp was fetched again",
    ]


def test_errors_back_off_and_keep_the_keys() -> None:
    async def scenario(world: World) -> None:
        await world.begin()
        world.answer = FetchFailed("status 500 instead of 200")
        delays = [await world.round() for _ in range(12)]
        assert delays[:4] == [near(1), near(2), near(4), near(8)]
        assert delays[-1] == near(DEFAULT_INTERVAL)
        assert world.refresher.documents() == {"corp": FIRST}
        assert world.state()["last_error"] == "status 500 instead of 200"
        world.answer = Fetched(FIRST)
        assert await world.round() == near(DEFAULT_INTERVAL)
        assert world.state()["last_error"] is None
        assert len(world.published) == 1

    run(scenario)


def test_a_surprise_does_not_end_the_schedule(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(world: World) -> None:
        world.answer = RuntimeError("token=secret")
        await world.begin()
        world.answer = Fetched(FIRST)
        await world.round()
        assert world.published == [("corp", FIRST)]

    run(scenario)
    assert "could not be refreshed" in caplog.text


def test_what_could_not_be_published_is_published_next_time(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(world: World) -> None:
        def fail(name: str, document: dict[str, Any]) -> None:
            raise ConnectionError

        refresher = JwksRefresher([CORP], fail, world.fetch, clock=lambda: world.now, sleep=world.sleep)
        await refresher.refresh("corp")
        assert refresher.documents() == {}
        await refresher.stop()

    run(scenario)
    assert "could not be refreshed" in caplog.text


def test_a_forced_refresh_fetches_now_but_not_all_the_time() -> None:
    async def scenario(world: World) -> None:
        await world.begin()
        world.answer = Fetched(SECOND)
        assert await world.refresher.refresh("corp")
        assert world.published[-1] == ("corp", SECOND)
        world.now += FORCED_INTERVAL - 0.1
        assert not await world.refresher.refresh("corp")
        world.now += 0.1
        assert await world.refresher.refresh("corp")
        assert len(world.locations) == 3

    run(scenario)


def test_an_unknown_name_is_not_fetched() -> None:
    async def scenario(world: World) -> None:
        assert not await world.refresher.refresh("https://evil.test/jwks")
        assert world.locations == []

    run(scenario)


def test_there_is_one_fetch_for_all_who_ask_and_none_of_them_can_cancel_it() -> None:
    async def scenario(world: World) -> None:
        world.may_answer.clear()
        world.refresher.start()
        await world.fetching.wait()
        asking = [asyncio.create_task(world.refresher.refresh("corp")) for _ in range(5)]
        await asyncio.sleep(0)
        asking[0].cancel()
        world.may_answer.set()
        assert await asyncio.gather(*asking[1:]) == [True] * 4
        assert len(world.locations) == 1
        assert len(world.published) == 1

    run(scenario)


def test_a_new_configuration_leaves_unchanged_sources_alone() -> None:
    async def scenario(world: World) -> None:
        await world.begin()
        added = JwksSource("labs", "https://labs.test/jwks")
        world.is_asleep.clear()
        await world.refresher.replace_sources([CORP, added])
        await world.is_asleep.wait()
        assert world.locations == [CORP.location, added.location]
        await world.refresher.replace_sources([added])
        assert set(world.refresher.documents()) == {"labs"}

    run(scenario)


def test_the_state_has_figures_and_no_address() -> None:
    async def scenario(world: World) -> None:
        assert world.state() == {"name": "corp", "keys": 0, "seconds_since_success": None, "last_error": None}
        await world.begin()
        world.now = 12.34
        assert world.state() == {"name": "corp", "keys": 1, "seconds_since_success": 12.3, "last_error": None}

    run(scenario)


def test_a_file_is_looked_at_often_and_an_address_is_not() -> None:
    assert JwksSource.of("corp", "keys.json").interval == FILE_INTERVAL
    for location in ("https://idp.test/jwks", "discover:https://idp.test"):
        assert JwksSource.of("corp", location).interval == DEFAULT_INTERVAL
        assert JwksSource.of("corp", location).is_remote
    assert "idp.test" not in JwksSource.of("corp", "https://idp.test/jwks").name
