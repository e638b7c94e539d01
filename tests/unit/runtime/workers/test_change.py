"""All workers of a fleet change their configuration together, or none."""

import asyncio

from hotgate.runtime.workers.generation import Generation
from unit.runtime.fakes import FakeChannel, Scene, configuration
from unit.runtime.workers.played_fleet import play, running, turn


async def half_way(scene: Scene) -> tuple[Generation, list[FakeChannel], asyncio.Task[str]]:
    """Two workers were asked to change, and the first of them has said that it can."""
    generation, channels = await running(scene, workers=2)
    change = asyncio.create_task(scene.conversations.change_configuration(configuration(2)))
    await turn()
    scene.answer(channels[0])
    return generation, channels, change


def test_all_workers_change_together() -> None:
    async def script(scene: Scene) -> None:
        generation, channels, change = await half_way(scene)
        await turn()
        assert "commit" not in channels[0].kinds()[2:]
        scene.answer(channels[1])
        assert await change == ""
        assert [channel.last("commit")["revision"] for channel in channels] == [2, 2]
        assert generation.is_ready

    play(script)


def test_one_refusal_stops_the_change_everywhere() -> None:
    async def script(scene: Scene) -> None:
        generation, channels, change = await half_way(scene)
        scene.answer(channels[1], error="no")
        assert await change == "no"
        assert [channel.last("commit")["revision"] for channel in channels] == [1, 1]
        assert [channel.last("abort")["revision"] for channel in channels] == [2, 2]
        assert generation.configuration.revision == 1
        assert generation.is_ready

    play(script)


def test_a_worker_that_dies_during_a_change_does_not_stop_it() -> None:
    async def script(scene: Scene) -> None:
        generation, _, change = await half_way(scene)
        scene.host.processes[1].exit()
        assert await change == ""
        scene.host.pass_time(1.0)
        successor = scene.connect(102)
        await turn()
        assert successor.last("prepare")["revision"] == 2
        assert not generation.is_ready

    play(script)


def test_a_worker_that_comes_during_a_change_gets_its_outcome() -> None:
    async def script(scene: Scene) -> None:
        generation, (channel, _) = await running(scene, workers=2)
        scene.host.processes[1].exit()
        scene.host.pass_time(1.0)
        change = asyncio.create_task(scene.conversations.change_configuration(configuration(2)))
        await turn()
        newcomer = scene.connect(102)
        await turn()
        scene.answer(newcomer)
        await turn()
        scene.answer(channel)
        assert await change == ""
        await turn()
        scene.answer(newcomer)
        await turn()
        scene.say(newcomer, "ready", revision=2)
        assert newcomer.last("commit")["revision"] == 2
        assert generation.is_ready

    play(script)
