"""Stands in for a token endpoint: what it answers is a test's, and so is the time."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, Protocol, TypeVar

from hotgate.control.oauth.issued_token import IssuedToken


class TokenServer:
    """now: monotonic seconds. asked: the forms. answer: a token, or what is raised. naps: who sleeps until when."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked: list[Mapping[str, str]] = []
        self.answer: IssuedToken | Exception | Callable[[Mapping[str, str]], IssuedToken] = IssuedToken("first", 100.0)
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._naps: list[tuple[float, asyncio.Future[None]]] = []

    async def token(self, form: Mapping[str, str]) -> IssuedToken:
        self.asked.append(form)
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, IssuedToken) else self.answer(form)

    async def close(self) -> None:
        """Nothing is open."""

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        nap: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._naps.append((self.now + seconds, nap))
        await nap

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and whoever wakes do what it has to."""
        self.now += seconds
        for end, nap in self._naps:
            if end <= self.now and not nap.done():
                nap.set_result(None)
        await settled()


async def settled() -> None:
    """Let everything happen that can happen now."""
    for _ in range(20):
        await asyncio.sleep(0)


def answer_of(awaitable: Any) -> "asyncio.Task[Any]":
    return asyncio.get_running_loop().create_task(awaitable)


class Stoppable(Protocol):
    """What asks the server."""

    async def stop(self) -> None: ...


Asking = TypeVar("Asking", bound=Stoppable)
Play = Callable[[TokenServer, Asking], Coroutine[Any, Any, None]]


def playing(made: Callable[[TokenServer], Asking]) -> Callable[[Play[Asking]], Callable[[], None]]:
    """A decorator: a play becomes a test, with a server and what `made` gives for it."""

    def played(play: Play[Asking]) -> Callable[[], None]:
        async def run() -> None:
            server = TokenServer()
            asking = made(server)
            try:
                await play(server, asking)
            finally:
                await asking.stop()

        @wraps(play)
        def test() -> None:
            asyncio.run(run())

        del test.__wrapped__
        return test

    return played
