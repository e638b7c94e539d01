import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from hotgate.runtime.upgrading.successor import Successor
from hotgate.runtime.upgrading.upgrade import Upgrader


class FakeSuccessor:
    """Says what the script decides; `ended` counts how often it was ended."""

    pid = 77

    def __init__(self) -> None:
        self.word: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.ended = 0

    async def outcome(self, _seconds: float) -> str:
        return await self.word

    async def end(self) -> None:
        self.ended += 1


class Scene:
    """An upgrader that runs. `started` are its successors, `failed` counts those it gave up."""

    def __init__(self) -> None:
        self.started: list[FakeSuccessor] = []
        self.failed = 0
        self.error: OSError | None = None
        self.upgrader = Upgrader(self._start, self._failed)
        self.running = asyncio.create_task(self.upgrader.run())

    def _start(self) -> Successor:
        if self.error is not None:
            raise self.error
        self.started.append(FakeSuccessor())
        return cast(Successor, self.started[-1])

    async def _failed(self) -> None:
        self.failed += 1


def play(script: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        scene = Scene()
        await script(scene)
        scene.running.cancel()
        await asyncio.gather(scene.running, return_exceptions=True)

    asyncio.run(run())


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_an_upgrade_that_succeeds_is_the_last_thing_it_does() -> None:
    async def script(scene: Scene) -> None:
        asked = scene.upgrader.request()
        await turn()
        scene.started[0].word.set_result("")
        assert await asked == ""
        await scene.running
        assert (scene.upgrader.successor, scene.started[0].ended, scene.failed) == (77, 0, 0)

    play(script)


def test_one_that_fails_can_be_tried_again() -> None:
    async def script(scene: Scene) -> None:
        asked = scene.upgrader.request()
        await turn()
        scene.started[0].word.set_result("a bad file")
        assert await asked == "a bad file"
        assert (scene.upgrader.successor, scene.started[0].ended, scene.failed) == (0, 1, 1)
        again = scene.upgrader.request()
        await turn()
        scene.started[1].word.set_result("")
        assert await again == ""

    play(script)


def test_all_who_ask_at_once_get_one_upgrade() -> None:
    async def script(scene: Scene) -> None:
        asked = [scene.upgrader.request() for _ in range(3)]
        await turn()
        scene.started[0].word.set_result("no")
        assert await asyncio.gather(*asked) == ["no"] * 3
        assert len(scene.started) == 1

    play(script)


def test_a_stop_ends_the_successor() -> None:
    async def script(scene: Scene) -> None:
        scene.upgrader.request()
        await turn()
        scene.running.cancel()
        await asyncio.gather(scene.running, return_exceptions=True)
        assert (scene.upgrader.successor, scene.started[0].ended, scene.failed) == (0, 1, 1)

    play(script)


def test_one_that_cannot_be_started_is_explained() -> None:
    async def script(scene: Scene) -> None:
        scene.error = OSError(11, "Resource temporarily unavailable")
        assert "Resource temporarily unavailable" in await scene.upgrader.request()

    play(script)


def test_the_first_process_of_a_container_does_not_leave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(scene: Scene) -> None:
        monkeypatch.setattr(os, "getpid", lambda: 1)
        assert "container" in await scene.upgrader.request()
        assert scene.started == []

    play(script)
