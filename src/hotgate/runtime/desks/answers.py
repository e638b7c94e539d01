"""The control process's side of `runtime/worker_process/questions.py`: who answers questions about what."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from hotgate.observe.event_throttle import EventThrottle
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.worker_handle import WorkerHandle

_log = logging.getLogger("hotgate.runtime.answers")

Answer = Callable[[Any], Awaitable[Any]]


class NotAsked(Exception):
    """To ask would leave a trace, so who only wants to know hears nothing; the text says what."""


class Answers:
    """Each question is answered in a task of its own; the answer is of JSON types.

    Of the failures about one subject one a second is logged: every request may ask, while a database is down for hours.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        _log.filters[:] = [EventThrottle(per_second=1, clock=clock)]
        self._by_subject: dict[str, Answer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def register(self, about: str, answer: Answer) -> None:
        """From now on, questions about this are answered so. An `answer` may raise: the worker hears that it failed."""
        self._by_subject[about] = answer

    def received(self, worker: WorkerHandle, message: Message) -> None:
        """An `ask` message. Raises KeyError, TypeError or ValueError for one that makes no sense."""
        about = str(message["about"])
        work = self._answered(worker, int(message["id"]), about, self._by_subject[about], message["body"])
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End all work."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answered(self, worker: WorkerHandle, number: int, about: str, answer: Answer, body: Any) -> None:
        found, error = None, ""
        try:
            found = await answer(body)
        except Exception as reason:  # noqa: BLE001 (whatever it is, the request that waits must hear of it)
            error = f"{type(reason).__name__} about {about}"
            kind = f"a question about {about} cannot be answered: %s"  # it is thinned out by subject
            _log.error(kind, reason)
        worker.send({"type": "answer", "id": number, "body": found, "error": error})
