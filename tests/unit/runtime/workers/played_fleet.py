"""A fleet of processes that do not exist, which a test plays step by step."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hotgate.runtime.workers.generation import Generation
from unit.runtime.fakes import FakeChannel, Scene

Script = Callable[[Scene], Coroutine[Any, Any, None]]


def play(script: Script) -> None:
    async def run() -> None:
        await script(Scene())

    asyncio.run(run())


async def turn() -> None:
    """Let tasks that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def become_ready(scene: Scene, generation: Generation) -> list[FakeChannel]:
    channels = []
    for worker in generation.workers:
        channel = scene.connect(worker.process.pid)
        await turn()
        scene.answer(channel)
        await turn()
        scene.say(channel, "ready", revision=generation.configuration.revision)
        channels.append(channel)
    await turn()
    return channels


async def running(scene: Scene, workers: int = 1) -> tuple[Generation, list[FakeChannel]]:
    generation = scene.generation(workers)
    scene.fleet.start(generation)
    channels = await become_ready(scene, generation)
    scene.fleet.take_over(generation)
    return generation, channels
