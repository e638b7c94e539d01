"""Questions of a worker: each is answered once, in time, or not at all; the two sides understand each other."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from hotgate.runtime.desks.answers import Answers
from hotgate.runtime.worker_process import questions
from hotgate.runtime.worker_process.questions import Questions, Unanswered
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.worker_handle import WorkerHandle


class Line:
    """Both ends: what the worker asks is answered at once."""

    def __init__(self, wait: float = 60.0) -> None:
        self.answers = Answers()
        self.is_up = True
        self.questions = Questions(self._ask, wait)

    def send(self, message: Message) -> None:
        self.questions.answered(message)

    def _ask(self, message: Message) -> None:
        if self.is_up:
            self.answers.received(cast(WorkerHandle, self), message)


def play(script: Callable[[Line], Coroutine[Any, Any, None]], wait: float = 60.0) -> None:
    async def run() -> None:
        await script(Line(wait))

    asyncio.run(run())


async def _doubled(number: Any) -> Any:
    return number * 2


async def _broken(_body: Any) -> Any:
    raise RuntimeError("a secret detail")


def test_each_who_asks_gets_the_answer_to_the_own_question() -> None:
    async def script(line: Line) -> None:
        line.answers.register("twice", _doubled)
        assert await asyncio.gather(*(line.questions.ask("twice", number) for number in range(5))) == [0, 2, 4, 6, 8]

    play(script)


def test_a_failure_is_told_without_its_detail() -> None:
    async def script(line: Line) -> None:
        line.answers.register("it", _broken)
        with pytest.raises(Unanswered, match="RuntimeError") as refused:
            await line.questions.ask("it", None)
        assert "secret" not in str(refused.value)

    play(script)


def test_nobody_waits_for_ever() -> None:
    async def script(line: Line) -> None:
        line.is_up = False
        with pytest.raises(Unanswered, match="no answer"):
            await line.questions.ask("it", None)
        line.questions.answered({"type": "answer", "id": 1, "body": 1, "error": ""})  # late

    play(script, wait=0.001)


def test_nobody_waits_for_a_control_process_that_is_gone() -> None:
    async def script(line: Line) -> None:
        line.is_up = False
        waiting = asyncio.create_task(line.questions.ask("it", None))
        await asyncio.sleep(0)
        line.questions.lost()
        with pytest.raises(Unanswered, match="gone"):
            await waiting
        with pytest.raises(Unanswered, match="gone"):
            await line.questions.ask("it", None)

    play(script)


def test_whoever_is_found_again_is_asked_again() -> None:
    async def script(line: Line) -> None:
        line.answers.register("twice", _doubled)
        line.questions.lost()
        line.questions.found()
        assert await line.questions.ask("twice", 2) == 4

    play(script)


def test_the_number_of_open_questions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(line: Line) -> None:
        monkeypatch.setattr(questions, "MAX_OPEN", 1)
        line.is_up = False
        waiting = asyncio.create_task(line.questions.ask("it", None))
        await asyncio.sleep(0)
        with pytest.raises(Unanswered, match="too many"):
            await line.questions.ask("it", None)
        waiting.cancel()

    play(script)


def test_a_question_about_nothing_known_is_refused() -> None:
    async def script(line: Line) -> None:
        with pytest.raises(KeyError):
            await line.questions.ask("nothing", None)

    play(script)
