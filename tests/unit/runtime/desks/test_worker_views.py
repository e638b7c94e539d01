"""Workers are asked how they see something: all at once, each for itself, and none is waited for for long."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from hotgate.limits.concurrency.outlook import NO_WISH
from hotgate.runtime.desks import worker_views
from hotgate.runtime.desks.worker_views import WorkerViews
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.worker_handle import WorkerHandle

NOTHING = {"held": 0, "place": ["", None, 1], "cause": "", "chances": {}, "refusal": "", "panic": False, "out": {}}


class Worker:
    """Answers at once with what `says` makes of the question, or not at all."""

    def __init__(self, says: Callable[[Message], Message | None]) -> None:
        self.says = says
        self.views: WorkerViews
        self.heard: list[Message] = []

    def send(self, message: Message) -> None:
        self.heard.append(message)
        answer = self.says(message)
        if answer is not None:
            self.views.received(cast(WorkerHandle, self), {**answer, "number": message["number"]})


def asking(*workers: Worker) -> WorkerViews:
    views = WorkerViews(lambda: cast(Any, workers))
    for worker in workers:
        worker.views = views
    return views


def holding(tokens: int) -> Worker:
    return Worker(lambda _: {**NOTHING, "held": tokens})


def test_each_worker_says_what_it_holds() -> None:
    first, second = holding(2), holding(0)
    views = asyncio.run(asking(first, second).look(limit=("all", "a\0x")))
    assert [view and view.held for view in views] == [2, 0]
    assert first.heard == [{"type": "look", "number": 1, "upstream": "", "limit": ("all", "a\0x"), "place": NO_WISH}]


def test_a_silent_worker_has_no_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_views, "SECONDS", 0.0)
    silent = Worker(lambda _: None)
    desk = asking(silent, holding(1))

    async def script() -> None:
        found = await desk.look("api")
        assert [view is None for view in found] == [True, False]
        desk.received(cast(WorkerHandle, silent), {**NOTHING, "number": 1})  # late: nobody waits any more

    asyncio.run(script())


def test_nobody_serves() -> None:
    assert asyncio.run(asking().look()) == []


def test_an_answer_is_for_the_question_and_the_worker_that_it_names() -> None:
    async def script() -> None:
        quick, slow = holding(1), Worker(lambda _: None)
        desk = asking(quick, slow)
        waiting = asyncio.ensure_future(desk.look())
        await asyncio.sleep(0)
        desk.received(cast(WorkerHandle, slow), {**NOTHING, "number": 7, "held": 9})
        desk.received(cast(WorkerHandle, slow), {**NOTHING, "number": 1, "held": 4})
        assert [view and view.held for view in await waiting] == [1, 4]

    asyncio.run(script())


@pytest.mark.parametrize(
    "wrong",
    [
        {"held": "x"},
        {"place": ["x", None, 1]},
        {"place": [""]},
        {"chances": 1},
        {"out": None},
        {"chances": {"low": None}},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(wrong: Message) -> None:
    desk = asking(Worker(lambda _: {**NOTHING, **wrong}))
    with pytest.raises((TypeError, ValueError)):
        asyncio.run(desk.look())
