import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from hotgate.runtime.worker_process.control_link import ControlLink
from hotgate.runtime.workers.channel import Channel, Message


class Script:
    """A link whose sleeps last until the test says so, and what happened to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: asyncio.Queue[object] = asyncio.Queue()
        self.delays: asyncio.Queue[float] = asyncio.Queue()
        self.wake = asyncio.Semaphore(0)
        self.link = ControlLink(
            str(path),
            on_found=lambda: self.events.put_nowait("found"),
            on_lost=lambda: self.events.put_nowait("lost"),
            on_message=self.events.put_nowait,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.delays.put_nowait(seconds)
        await self.wake.acquire()

    async def listen(self) -> "tuple[asyncio.Server, asyncio.Queue[Channel], asyncio.Queue[Message]]":
        channels: asyncio.Queue[Channel] = asyncio.Queue()
        received: asyncio.Queue[Message] = asyncio.Queue()

        def channel() -> Channel:
            return Channel(
                on_message=lambda _, message: received.put_nowait(message),
                on_closed=lambda _: None,
                on_connected=channels.put_nowait,
            )

        self.path.unlink(missing_ok=True)
        server = await asyncio.get_running_loop().create_unix_server(channel, str(self.path))
        return server, channels, received


def play(tmp_path: Path, script: Callable[[Script], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        scene = Script(tmp_path / "s")
        task: Awaitable[None] = asyncio.create_task(scene.link.run())
        await script(scene)
        task.cancel()  # type: ignore[attr-defined]
        await asyncio.gather(task, return_exceptions=True)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def test_it_tries_again_with_growing_delays_until_somebody_listens(tmp_path: Path) -> None:
    async def script(scene: Script) -> None:
        delays = []
        for _ in range(8):
            delays.append(await scene.delays.get())
            scene.wake.release()
        delays.append(await scene.delays.get())
        assert delays == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]
        server, _, _ = await scene.listen()
        scene.wake.release()
        assert await scene.events.get() == "found"
        server.close()
        await scene.link.finish()

    play(tmp_path, script)


def test_a_control_process_that_goes_is_looked_for_again(tmp_path: Path) -> None:
    async def script(scene: Script) -> None:
        server, channels, _ = await scene.listen()
        scene.wake.release()
        assert await scene.events.get() == "found"
        (await channels.get()).send({"type": "drain"})
        assert await scene.events.get() == {"type": "drain"}
        server.close()
        other, channels_of_other, _ = await scene.listen()
        scene.link.close()
        assert await scene.events.get() == "lost"
        scene.wake.release()
        assert await scene.events.get() == "found"
        await channels_of_other.get()
        other.close()
        await scene.link.finish()

    play(tmp_path, script)


def test_one_that_hangs_up_at_once_is_not_asked_again_and_again(tmp_path: Path) -> None:
    async def script(scene: Script) -> None:
        assert await scene.delays.get() == 0.0
        server, channels, _ = await scene.listen()
        delays = []
        for _ in range(4):
            scene.wake.release()
            assert await scene.events.get() == "found"
            (await channels.get()).close()
            assert await scene.events.get() == "lost"
            delays.append(await scene.delays.get())
        assert delays == [0.1, 0.2, 0.4, 0.8]
        server.close()

    play(tmp_path, script)


@pytest.mark.parametrize(("is_let_go", "warnings"), [(True, 0), (False, 1)])
def test_it_warns_of_a_loss_unless_it_was_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, is_let_go: bool, warnings: int
) -> None:
    async def script(scene: Script) -> None:
        server, channels, _ = await scene.listen()
        scene.wake.release()
        await scene.events.get()
        if is_let_go:
            scene.link.let_go()
        (await channels.get()).close()
        assert await scene.events.get() == "lost"
        server.close()

    play(tmp_path, script)
    assert len(caplog.records) == warnings


def test_what_is_queued_is_sent_before_it_hangs_up_for_good(tmp_path: Path) -> None:
    async def script(scene: Script) -> None:
        server, _, received = await scene.listen()
        scene.wake.release()
        await scene.events.get()
        last = {"type": "metrics", "padding": "x" * 3_000_000}
        scene.link.send(last)
        await scene.link.finish()
        assert await received.get() == last
        server.close()

    play(tmp_path, script)


def test_messages_for_nobody_are_lost(tmp_path: Path) -> None:
    async def script(scene: Script) -> None:
        await scene.delays.get()
        scene.link.send({"type": "x"})
        assert not scene.link.send_droppable({"type": "x"})
        await scene.link.finish()

    play(tmp_path, script)
