"""Requests for work that is done one at a time; those that come meanwhile are answered by the next time."""

import asyncio


class PendingRequests:
    """Who waits for the work. A result is why it was not done, or empty."""

    def __init__(self) -> None:
        self._any = asyncio.Event()
        self._waiting: list[asyncio.Future[str]] = []

    def add(self) -> "asyncio.Future[str]":
        """Ask for the work."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._any.set()
        return answer

    async def take(self) -> "list[asyncio.Future[str]]":
        """Wait until somebody asks; returns all who do, who are to be answered together."""
        await self._any.wait()
        self._any.clear()
        taken, self._waiting = self._waiting, []
        return taken


def answer_all(waiting: "list[asyncio.Future[str]]", result: str) -> None:
    """Tell those who still want to know."""
    for answer in waiting:
        if not answer.done():
            answer.set_result(result)
