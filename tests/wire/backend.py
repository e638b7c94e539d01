"""A backend without behaviour: the test accepts its connections and plays them by hand."""

import asyncio
import socket

from wire.peer import PATIENCE, Peer


class Backend:
    """accepted: connections so far."""

    def __init__(self) -> None:
        self.accepted = 0
        self.port = 0
        self._queue: asyncio.Queue[Peer] = asyncio.Queue()
        self._peers: list[Peer] = []
        self._only: Peer | None = None
        self._server: asyncio.Server | None = None
        self._holding = _bound(0)  # so that nobody else gets the port while this backend refuses connections

    async def start(self) -> None:
        """Listen."""
        listening = _bound(self._holding.getsockname()[1])
        # Small and fixed, so that "does not read" is felt soon: accepted sockets inherit it.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        self.port = listening.getsockname()[1]
        self._server = await asyncio.start_server(self._accepted, sock=listening)

    async def accept(self) -> Peer:
        """The next connection of the gateway."""
        async with asyncio.timeout(PATIENCE):
            return await self.connection()

    async def connection(self) -> Peer:
        """The same, for a backend that may have to wait for it."""
        return await self._queue.get()

    async def only(self) -> Peer:
        """The first connection, each time: for scripts that expect no other."""
        if self._only is None:
            self._only = await self.accept()
        return self._only

    def refuse_connections(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def stop(self) -> None:
        """Close everything."""
        self.refuse_connections()
        self._holding.close()
        for peer in self._peers:
            peer.reset()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        peer = Peer(reader, writer)
        self._peers.append(peer)
        self._queue.put_nowait(peer)


def _bound(port: int) -> socket.socket:
    """A socket that does not listen; several may have one port, if all of them agree."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound
