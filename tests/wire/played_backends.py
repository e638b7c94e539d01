"""Backends of which a script does not know beforehand which one is asked."""

import asyncio

from wire.message import Message
from wire.peer import PATIENCE, Peer, turns
from wire.samples import OK, get
from wire.scenario import Wire


class PlayedBackends:
    """Plays all of them, one request after another."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._peers: dict[int, Peer] = {}

    async def exchange(self, request: bytes, answer: bytes = OK) -> tuple[int, Message, Message]:
        """Which backend was asked, what it got, and what the client got."""
        client = await self._wire.send(request)
        async with asyncio.timeout(PATIENCE):
            index = await self._asked()
        received = await self._peers[index].message()
        self._peers[index].send(answer)
        return index, received, await client.message()

    async def ask(self, *fields: str) -> tuple[int, bytes | None]:
        """Which backend was asked, and the cookie that the client got."""
        index, _, answer = await self.exchange(get("/", *fields))
        return index, answer.get(b"set-cookie")

    async def _asked(self) -> int:
        while True:
            await turns(1)
            for index, backend in enumerate(self._wire.backends):
                if backend.accepted and index not in self._peers:
                    self._peers[index] = await backend.accept()
            for index, peer in self._peers.items():
                if peer.received():
                    return index
