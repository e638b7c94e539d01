"""What a worker asks the control process while a request waits: a question about something, and its answer."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from hotgate.runtime.workers.channel import Message

WAIT = 2.0  # seconds that a request may wait for an answer, unless its question says otherwise
MAX_OPEN = 1024  # questions that may wait at the same time


class Unanswered(Exception):
    """The control process did not answer in time, or is not there: whoever asked must do without, or refuse."""


class Questions:
    """send: to the control process, which answers in `runtime/desks/answers.py`."""

    def __init__(self, send: Callable[[Message], None], wait: float = WAIT) -> None:
        self._send = send
        self._wait = wait
        self._ids = itertools.count(1)
        self._open: dict[int, asyncio.Future[Any]] = {}
        self._is_lost = False

    async def ask(self, about: str, body: Any, wait: float | None = None) -> Any:
        """The answer to a question of JSON types. Raises Unanswered, after `wait` seconds at the latest."""
        if self._is_lost:
            raise Unanswered("the control process is gone")
        if len(self._open) >= MAX_OPEN:
            raise Unanswered("too many questions are open")
        number = next(self._ids)
        wait = self._wait if wait is None else wait
        answer = self._open[number] = asyncio.get_running_loop().create_future()
        self._send({"type": "ask", "id": number, "about": about, "body": body})
        try:
            async with asyncio.timeout(wait):
                return await answer
        except TimeoutError:
            raise Unanswered(f"no answer about {about} in {wait:g} s") from None
        finally:
            self._open.pop(number, None)
            del answer  # what it raises knows this frame: no reference cycle is left

    def answered(self, message: Message) -> None:
        """An `answer` message; one that nobody waits for any more is dropped."""
        answer = self._open.get(int(message["id"]))
        if answer is None or answer.done():
            return
        if message["error"]:
            answer.set_exception(Unanswered(str(message["error"])))
        else:
            answer.set_result(message["body"])

    def found(self) -> None:
        """There is somebody to ask, perhaps again."""
        self._is_lost = False

    def lost(self) -> None:
        """Nobody will answer any more, nor hear what is asked, until somebody is found."""
        self._is_lost = True
        for answer in self._open.values():
            if not answer.done():
                answer.set_exception(Unanswered("the control process is gone"))
