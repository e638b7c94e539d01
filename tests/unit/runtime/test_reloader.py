import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hotgate.config.errors import ConfigurationError, ConfigurationErrors
from hotgate.runtime.reloader import Reloader


class Steps:
    """What the reloader is given to call; `loads` counts, `outcome` decides."""

    def __init__(self) -> None:
        self.loads = 0
        self.applied = asyncio.Event()
        self.load_error: Exception | None = None
        self.reason = ""

    def load(self) -> int:
        self.loads += 1
        if self.load_error is not None:
            raise self.load_error
        return self.loads

    async def apply(self, _loaded: object) -> str:
        self.applied.set()
        return self.reason


def play(script: Callable[[Steps, Reloader], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        steps = Steps()
        await script(steps, Reloader(steps.load, steps.apply))

    asyncio.run(run())


def test_a_good_configuration_is_counted() -> None:
    async def script(_steps: Steps, reloader: Reloader) -> None:
        await reloader.reload()
        assert (reloader.succeeded, reloader.failed, reloader.last_error) == (1, 0, "")

    play(script)


def test_every_mistake_is_kept_for_the_admin_interface() -> None:
    async def script(steps: Steps, reloader: Reloader) -> None:
        steps.load_error = ConfigurationErrors(
            [ConfigurationError("f", 1, 1, "a", "first"), ConfigurationError("f", 2, 1, "b", "second")]
        )
        await reloader.reload()
        assert "first" in reloader.last_error
        assert "second" in reloader.last_error
        assert not steps.applied.is_set()

    play(script)


def test_a_success_clears_the_last_error() -> None:
    async def script(steps: Steps, reloader: Reloader) -> None:
        steps.reason = "refused"
        await reloader.reload()
        assert reloader.last_error == "refused"
        steps.reason = ""
        await reloader.reload()
        assert (reloader.succeeded, reloader.failed, reloader.last_error) == (1, 1, "")

    play(script)


def test_a_bug_does_not_end_reloading_and_shows_no_detail() -> None:
    async def script(steps: Steps, reloader: Reloader) -> None:
        steps.load_error = RuntimeError("secret")
        await reloader.reload()
        assert reloader.last_error == "internal error: RuntimeError"
        steps.load_error = None
        await reloader.reload()
        assert reloader.succeeded == 1

    play(script)


def test_requests_that_come_together_are_one_reload() -> None:
    async def script(steps: Steps, reloader: Reloader) -> None:
        for _ in range(5):
            reloader.request()
        task = asyncio.create_task(reloader.run())
        await steps.applied.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert steps.loads == 1

    play(script)


def test_who_asks_is_told_how_it_went_and_others_when_it_begins_and_ends() -> None:
    async def run() -> None:
        steps, news = Steps(), list[str]()
        reloader = Reloader(steps.load, steps.apply, begun=lambda: news.append("begun"), ended=news.append)
        running = asyncio.create_task(reloader.run())
        assert await reloader.request() == ""
        steps.reason = "no"
        assert await reloader.request() == "no"
        assert news == ["begun", "", "begun", "no"]
        running.cancel()

    asyncio.run(run())


def test_who_asks_during_a_reload_waits_for_another() -> None:
    async def script(steps: Steps, reloader: Reloader) -> None:
        running = asyncio.create_task(reloader.run())
        first = reloader.request()
        await steps.applied.wait()
        second = reloader.request()
        assert [await first, await second] == ["", ""]
        assert steps.loads == 2
        running.cancel()

    play(script)
