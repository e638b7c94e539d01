"""What is read now and then: who waits for it, and what is left of it when it cannot be read."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hotgate.control.download import FetchFailed
from hotgate.control.kept_reading import INTERVAL, RETRY, KeptReading


class Source:
    """problem: what reading it raises. count: how often it was read."""

    def __init__(self) -> None:
        self.now = 0.0
        self.count = 0
        self.problem: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.kept = KeptReading("it", self._read, lambda: self.now, patience=60)

    async def _read(self) -> int:
        self.count += 1
        number = self.count
        await self.gate.wait()
        if self.problem is not None:
            raise self.problem
        return number


def play(script: Callable[[Source], Awaitable[None]]) -> None:
    async def played() -> None:
        source = Source()
        await script(source)
        await source.kept.stop()

    asyncio.run(played())


def test_nobody_waits_for_what_is_read_again() -> None:
    async def script(source: Source) -> None:
        assert await source.kept.at_once() == 1
        source.now += INTERVAL
        source.gate.clear()
        assert [await source.kept.at_once() for _ in range(3)] == [1, 1, 1]
        waiting = asyncio.ensure_future(source.kept.value())
        source.gate.set()
        assert await waiting == 2
        assert source.count == 2

    play(script)


@pytest.mark.parametrize("problem", [FetchFailed("no"), TimeoutError(), OSError()])
def test_what_was_never_read_is_not_asked_for_at_every_request(problem: Exception) -> None:
    async def script(source: Source) -> None:
        source.problem = problem
        for _ in range(3):
            with pytest.raises(FetchFailed):
                await source.kept.at_once()
        assert source.count == 1
        source.now += RETRY
        source.problem = None
        assert await source.kept.at_once() == 2

    play(script)


def test_doubt_is_followed_once_and_not_again_while_it_fails() -> None:
    async def script(source: Source) -> None:
        await source.kept.value()
        source.problem = FetchFailed("no")
        for _ in range(3):
            source.kept.doubt()
            assert await source.kept.value() == 1
        assert source.count == 2

    play(script)


def test_whoever_stops_waiting_does_not_end_it_for_the_others() -> None:
    async def script(source: Source) -> None:
        source.gate.clear()
        first, second = (asyncio.ensure_future(source.kept.value()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        source.gate.set()
        assert await second == 1

    play(script)
