"""How a worker asks the control process for fresher keys."""

import asyncio
from collections.abc import Callable

from hotgate.runtime.workers.channel import Message


class KeyRefresh:
    """send: to the control process. One question per key set is under way at most; `KeySets` bounds who waits."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._answers: dict[str, asyncio.Future[None]] = {}

    async def request(self, name: str) -> None:
        """Ask, and return when the control process has tried; new keys have arrived before. The caller sets a limit."""
        answer = self._answers.get(name)
        if answer is None:
            answer = self._answers[name] = asyncio.get_running_loop().create_future()
            self._send({"type": "refresh_keys", "name": name})
        await asyncio.shield(answer)

    def done(self, name: str) -> None:
        """The control process has tried."""
        answer = self._answers.pop(name, None)
        if answer is not None and not answer.done():
            answer.set_result(None)

    def lost(self) -> None:
        """Nobody will answer any more."""
        for name in list(self._answers):
            self.done(name)
