"""How workers start, die, are replaced, drain and stop."""

import errno
import signal
from typing import Any

import pytest

from hotgate.runtime.workers.generation import DEATHS_BEFORE_GIVING_UP
from hotgate.runtime.workers.worker_state import WorkerState
from unit.runtime.fakes import FakeChannel, Scene
from unit.runtime.workers.played_fleet import become_ready, play, running, turn


def test_a_worker_gets_its_configuration_and_then_is_ready() -> None:
    async def script(scene: Scene) -> None:
        generation, (channel,) = await running(scene)
        assert channel.kinds() == ["prepare", "commit"]
        assert channel.sent[0].items() >= scene.keys.items()
        assert generation.is_ready
        assert generation.settled.is_set()

    play(script)


def test_a_worker_that_dies_is_replaced_at_once_and_later_with_growing_delays() -> None:
    async def script(scene: Scene) -> None:
        await running(scene)
        delays = []
        for _ in range(5):
            scene.host.processes[-1].exit()
            delays.append(round(scene.host.timers[-1][0] - scene.host.time, 3))
            scene.host.pass_time(delays[-1])
        assert delays == [0.0, 0.1, 0.2, 0.4, 0.8]
        assert scene.fleet.restarts == 5
        assert scene.gone == [100, 101, 102, 103, 104]

    play(script)


def test_a_long_healthy_life_resets_the_delay() -> None:
    async def script(scene: Scene) -> None:
        await running(scene)
        for _ in range(4):
            scene.host.processes[-1].exit()
            scene.host.pass_time(10.0)
        started = len(scene.host.processes)
        scene.host.pass_time(60.0)
        scene.host.processes[-1].exit()
        scene.host.pass_time(0.0)
        assert len(scene.host.processes) == started + 1

    play(script)


def test_a_generation_whose_workers_refuse_the_configuration_says_why() -> None:
    async def script(scene: Scene) -> None:
        generation = scene.generation(2)
        scene.fleet.start(generation)
        for process in list(scene.host.processes):
            channel = scene.connect(process.pid)
            await turn()
            scene.answer(channel, error="no such policy")
            await turn()
            assert process.signals == [signal.SIGTERM]
            process.exit()
        assert generation.settled.is_set()
        assert generation.failure == "no such policy"

    play(script)


def test_workers_that_die_before_they_connect_are_given_up() -> None:
    async def script(scene: Scene) -> None:
        generation = scene.generation(1)
        scene.fleet.start(generation)
        for _ in range(DEATHS_BEFORE_GIVING_UP):
            assert not generation.settled.is_set()
            scene.host.processes[-1].exit()
            scene.host.pass_time(10.0)
        assert "die as soon as they start" in generation.failure

    play(script)


def test_a_process_that_cannot_be_started_is_tried_again() -> None:
    async def script(scene: Scene) -> None:
        scene.host.start_error = OSError(errno.EAGAIN, "no more processes")
        scene.fleet.start(scene.generation(1))
        scene.host.start_error = None
        scene.host.pass_time(1.0)
        assert len(scene.host.processes) == 1

    play(script)


def test_a_new_generation_takes_over_and_the_old_one_drains() -> None:
    async def script(scene: Scene) -> None:
        _, (old,) = await running(scene)
        generation = scene.generation(1, number=2, revision=2)
        scene.fleet.start(generation)
        await become_ready(scene, generation)
        scene.fleet.take_over(generation)
        assert old.last("drain")["seconds"] == 10.0
        scene.host.processes[0].exit()
        scene.host.pass_time(100.0)
        assert len(scene.host.processes) == 2

    play(script)


def test_a_worker_that_drains_too_long_is_killed() -> None:
    async def script(scene: Scene) -> None:
        await running(scene)
        scene.fleet.drain_all(10.0)
        scene.host.pass_time(14.9)
        assert not scene.killed(scene.host.processes[0])
        scene.host.pass_time(0.2)
        assert scene.killed(scene.host.processes[0])

    play(script)


def test_stopping_waits_for_every_process_and_replaces_none() -> None:
    async def script(scene: Scene) -> None:
        await running(scene, workers=2)
        scene.fleet.drain_all(10.0)
        scene.host.processes[0].exit()
        assert not scene.fleet.emptied.is_set()
        scene.host.processes[1].exit()
        assert scene.fleet.emptied.is_set()
        scene.host.pass_time(100.0)
        assert len(scene.host.processes) == 2

    play(script)


def test_stopping_an_empty_fleet_is_over_at_once() -> None:
    async def script(scene: Scene) -> None:
        scene.fleet.drain_all(10.0)
        assert scene.fleet.emptied.is_set()

    play(script)


def test_a_worker_that_has_not_connected_yet_is_terminated() -> None:
    async def script(scene: Scene) -> None:
        scene.fleet.start(scene.generation(1))
        scene.fleet.drain_all(10.0)
        assert scene.host.processes[0].signals == [signal.SIGTERM]

    play(script)


def test_a_worker_that_was_terminated_by_hand_is_replaced() -> None:
    async def script(scene: Scene) -> None:
        generation, (channel,) = await running(scene)
        scene.say(channel, "draining")
        assert not generation.is_ready
        scene.host.processes[0].exit()
        scene.host.pass_time(0.0)
        assert len(scene.host.processes) == 2

    play(script)


def test_an_orphan_drains_when_the_new_workers_are_ready_and_not_before() -> None:
    async def script(scene: Scene) -> None:
        generation = scene.generation(1)
        scene.fleet.start(generation)
        orphan = scene.connect(7, revision=5)
        assert orphan.sent == []
        await become_ready(scene, generation)
        scene.fleet.take_over(generation)
        assert orphan.kinds() == ["drain"]
        late = scene.connect(8, revision=5)
        assert late.kinds() == ["drain"]
        scene.host.adopted[0].exit()
        assert scene.gone == [7]

    play(script)


def test_a_worker_that_reconnects_keeps_what_it_has() -> None:
    async def script(scene: Scene) -> None:
        generation, (channel,) = await running(scene)
        scene.conversations.on_closed(channel)
        assert scene.lost == [100]
        again = scene.connect(100, revision=1)
        await turn()
        assert again.sent == []
        assert generation.is_ready

    play(script)


def test_a_closed_channel_that_was_replaced_already_is_ignored() -> None:
    async def script(scene: Scene) -> None:
        _, (channel,) = await running(scene)
        scene.connect(100, revision=1)
        scene.conversations.on_closed(channel)
        assert scene.lost == []

    play(script)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ready"},
        {"type": "prepared"},
        {"type": "prepared", "revision": "x"},
        {"type": "hello", "revision": None},
    ],
)
def test_a_message_that_makes_no_sense_ends_the_conversation(message: dict[str, Any]) -> None:
    async def script(scene: Scene) -> None:
        scene.fleet.start(scene.generation(1))
        channel = scene.connect(100)
        scene.conversations.on_message(channel, message)
        if message["type"] == "ready":  # harmless: it is connected
            return
        assert channel.is_closed

    play(script)


@pytest.mark.parametrize("says", [{"joins": True}, {}])
def test_a_worker_that_knows_of_shared_frames_hears_that_others_do(says: dict[str, bool]) -> None:
    async def script(scene: Scene) -> None:
        scene.fleet.start(scene.generation())
        channel = FakeChannel(scene.host.processes[0].pid)
        scene.say(channel, "hello", revision=0, **says)
        assert ("together" in channel.kinds()) == bool(says)

    play(script)


def test_a_stranger_that_does_not_say_hello_is_disconnected() -> None:
    async def script(scene: Scene) -> None:
        channel = FakeChannel(4711)
        scene.say(channel, "metrics", report={})
        assert channel.is_closed
        assert scene.reports == []

    play(script)


def test_other_messages_are_passed_on() -> None:
    async def script(scene: Scene) -> None:
        _, (channel,) = await running(scene)
        scene.say(channel, "metrics", report={"x": 1})
        assert scene.reports[-1] == {"type": "metrics", "report": {"x": 1}}

    play(script)


def test_states_are_visible() -> None:
    async def script(scene: Scene) -> None:
        await running(scene)
        assert [worker.state for worker in scene.fleet.workers] == [WorkerState.READY]

    play(script)


def test_a_held_generation_gets_ready_and_changes_nothing() -> None:
    async def script(scene: Scene) -> None:
        generation = scene.generation(2, is_held=True)
        scene.fleet.start(generation)
        channels = []
        for process in list(scene.host.processes):
            assert not generation.prepared.is_set()
            channels.append(scene.connect(process.pid))
            await turn()
            scene.answer(channels[-1])
            await turn()
        assert generation.prepared.is_set()
        assert not generation.settled.is_set()
        assert [channel.kinds() for channel in channels] == [["prepare"]] * 2
        generation.may_serve.set()
        await turn()
        assert [channel.kinds() for channel in channels] == [["prepare", "commit"]] * 2

    play(script)


def test_a_held_generation_that_cannot_serve_is_not_waited_for() -> None:
    async def script(scene: Scene) -> None:
        generation = scene.generation(1, is_held=True)
        scene.fleet.start(generation)
        channel = scene.connect(100)
        await turn()
        scene.answer(channel, error="no such policy")
        await turn()
        scene.host.processes[0].exit()
        assert generation.prepared.is_set()
        assert generation.failure == "no such policy"

    play(script)


def test_a_start_that_fails_ends_only_what_it_started() -> None:
    async def script(scene: Scene) -> None:
        orphan = scene.connect(7)
        scene.fleet.start(scene.generation(1))
        scene.fleet.give_up()
        assert orphan.is_closed
        assert scene.host.adopted[0].signals == []
        assert scene.host.processes[0].signals == [signal.SIGKILL]
        assert not scene.fleet.emptied.is_set()
        scene.host.processes[0].exit()
        assert scene.fleet.emptied.is_set()
        again = scene.connect(7)
        assert (again.is_closed, again.sent) == (True, [])
        scene.host.adopted[0].exit()

    play(script)


def test_workers_are_left_to_a_successor_as_they_are() -> None:
    async def script(scene: Scene) -> None:
        _, channels = await running(scene, workers=2)
        sent = [channel.kinds() for channel in channels]
        scene.fleet.let_go()
        assert scene.fleet.emptied.is_set()
        assert all(channel.is_closed for channel in channels)
        assert [channel.kinds() for channel in channels] == [[*kinds, "let_go"] for kinds in sent]
        scene.host.processes[0].exit()
        scene.host.pass_time(60.0)
        assert len(scene.host.processes) == 2
        assert [process.signals for process in scene.host.processes] == [[], []]

    play(script)
