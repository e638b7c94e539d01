"""Questions of workers: each is answered, and an outage does not fill the log."""

import asyncio
import logging
from typing import Any

import pytest

from hotgate.runtime.desks.answers import Answers
from hotgate.runtime.workers.worker_handle import WorkerHandle
from hotgate.store.errors import StoreUnavailable
from hotgate.testing import FakeClock
from unit.runtime.fakes import FakeChannel, FakeProcess


class Scene:
    """A worker that asks about two things, of which nothing is known."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.channel = FakeChannel(1)
        self.worker = WorkerHandle(FakeProcess(1, lambda: None), launch=None, started=0.0)
        self.worker.channel = self.channel
        self.answers = Answers(self.clock)
        for about in ("tokens", "certificates"):
            self.answers.register(about, self.down)

    async def down(self, body: Any) -> Any:
        raise StoreUnavailable("no route to host")

    def ask(self, about: str, times: int = 1) -> list[str]:
        """The errors that the worker was sent."""

        async def run() -> None:
            for number in range(times):
                self.answers.received(self.worker, {"id": number, "about": about, "body": None})
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

        asyncio.run(run())
        return [message["error"] for message in self.channel.sent[-times:]]


def test_each_question_has_its_answer_but_not_each_failure_a_line(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    assert scene.ask("tokens", times=100) == ["StoreUnavailable about tokens"] * 100
    assert caplog.messages == ["a question about tokens cannot be answered: no route to host"]
    scene.clock.advance(1)
    scene.ask("tokens")
    assert caplog.records[-1].__dict__["facts"] == {"suppressed": 99}


def test_one_subject_does_not_hide_another(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.ask("tokens", times=2)
    scene.ask("certificates", times=2)
    assert len(caplog.records) == 2
    assert all(record.levelno == logging.ERROR for record in caplog.records)
