import asyncio
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from hotgate.runtime.worker_process.resident_memory import resident_bytes
from hotgate.runtime.workers.generation import Generation
from hotgate.runtime.workers.renewal import Renewal
from hotgate.runtime.workers.worker_state import WorkerState
from unit.runtime.fakes import FakeChannel, Scene, configuration

BOUND = 100
Script = Callable[[Scene, Generation, Renewal], Coroutine[Any, Any, None]]


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def become_ready(scene: Scene, pid: int) -> FakeChannel:
    channel = scene.connect(pid)
    await turn()
    scene.answer(channel)
    await turn()
    scene.say(channel, "ready", revision=1)
    await turn()
    return channel


def play(script: Script) -> None:
    """The script gets two workers, 100 and 101, that serve; 101 is too large."""

    async def run() -> None:
        scene = Scene()
        generation = scene.generation(2)
        scene.fleet.start(generation)
        for pid in (100, 101):
            await become_ready(scene, pid)
        scene.fleet.take_over(generation)
        generation.workers[0].memory, generation.workers[1].memory = 50, 150
        await script(scene, generation, Renewal(scene.fleet))

    asyncio.run(run())


def pids(generation: Generation) -> list[int]:
    return [place.worker.process.pid for place in generation.places if place.worker]


def test_the_old_worker_drains_when_the_new_one_serves() -> None:
    async def script(scene: Scene, generation: Generation, renewal: Renewal) -> None:
        old = generation.workers[1]
        renewal.look(BOUND, scene.host.time)
        assert (len(scene.host.processes), pids(generation), old.is_ready) == (3, [100, 101], True)
        await become_ready(scene, 102)
        assert pids(generation) == [100, 102]
        assert old.state is WorkerState.DRAINING
        scene.host.processes[1].exit()
        assert [worker.process.pid for worker in scene.fleet.workers] == [100, 102]
        assert (renewal.count, scene.fleet.restarts, generation.is_ready) == (1, 0, True)

    play(script)


def test_one_at_a_time() -> None:
    async def script(scene: Scene, generation: Generation, renewal: Renewal) -> None:
        generation.workers[0].memory = 120
        renewal.look(BOUND, scene.host.time)
        renewal.look(BOUND, scene.host.time)
        assert len(scene.host.processes) == 3
        await become_ready(scene, 102)
        renewal.look(BOUND, scene.host.time)  # the old one drains still
        assert len(scene.host.processes) == 3
        scene.host.processes[1].exit()
        renewal.look(BOUND, scene.host.time)
        assert len(scene.host.processes) == 4

    play(script)


def test_a_leak_is_no_storm_of_restarts() -> None:
    async def script(scene: Scene, generation: Generation, renewal: Renewal) -> None:
        moments = []
        for second in range(4 * 3600):
            scene.host.time = float(second)
            before = len(scene.host.processes)
            renewal.look(BOUND, scene.host.time)
            if len(scene.host.processes) > before:
                moments.append(second)
                old = next(place.worker for place in generation.places if place.successor)
                await become_ready(scene, scene.host.processes[-1].pid)
                assert old is not None
                scene.host.processes[old.process.pid - 100].exit()
            for worker in generation.workers:
                worker.memory = 150
        assert moments[:6] == [0, 1, 61, 181, 421, 901]
        assert len(moments) < 20

    play(script)


def test_a_successor_that_cannot_start_changes_nothing() -> None:
    async def script(scene: Scene, generation: Generation, renewal: Renewal) -> None:
        renewal.look(BOUND, scene.host.time)
        scene.host.processes[2].exit()
        assert pids(generation) == [100, 101]
        assert (scene.fleet.restarts, generation.is_ready) == (0, True)
        scene.host.start_error = OSError("no")
        renewal.look(BOUND, scene.host.time + 60.0)
        assert renewal.count == 1

    play(script)


def test_an_old_worker_that_dies_first_is_succeeded_all_the_same() -> None:
    async def script(scene: Scene, generation: Generation, renewal: Renewal) -> None:
        renewal.look(BOUND, scene.host.time)
        scene.host.processes[1].exit()
        assert pids(generation) == [100, 102]
        scene.host.pass_time(10.0)
        assert len(scene.host.processes) == 3
        await become_ready(scene, 102)
        assert generation.is_ready

    play(script)


def test_a_stop_and_a_new_generation_end_a_successor_too() -> None:
    async def script(scene: Scene, generation: Generation, renewal: Renewal) -> None:
        renewal.look(BOUND, scene.host.time)
        newer = scene.generation(1, number=2, revision=2)
        newer.configuration = configuration(2)
        scene.fleet.start(newer)
        scene.fleet.take_over(newer)
        assert scene.host.processes[2].signals == [15]
        scene.fleet.drain_all(1.0)
        renewal.look(BOUND, scene.host.time)
        assert len(scene.host.processes) == 4

    play(script)


@pytest.mark.parametrize("bound", [None, 150, 1000])
def test_without_a_reason_nothing_happens(bound: int | None) -> None:
    async def script(scene: Scene, generation: Generation, renewal: Renewal) -> None:
        renewal.look(bound, scene.host.time)
        assert len(scene.host.processes) == 2

    play(script)


def test_resident_memory_is_what_the_kernel_says() -> None:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    assert abs(resident_bytes() - int(found[1]) * 1024) < 8 * 1024 * 1024
