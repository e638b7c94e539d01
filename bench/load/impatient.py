"""Clients who come at a rate of their own, whatever becomes of those before them, and leave when they wait too long.

Each request has a connection to itself or one that is free; who leaves closes it. So what a server answers too late is
work for nobody, as with people.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import cast

from bench.load.histogram import LatencyHistogram
from bench.scenario import HOST

PATIENCE = 1.0  # seconds
_TICK = 0.001  # seconds


@dataclass
class Fate:
    """Of the requests of one path. latencies: of those answered with 200 in time."""

    latencies: LatencyHistogram = field(default_factory=LatencyHistogram)
    served: int = 0
    refused: int = 0
    gave_up: int = 0


class ImpatientClients:
    """rates: path → requests per second. fates: by path."""

    def __init__(self, port: int, rates: dict[str, float]) -> None:
        self.fates = {path: Fate() for path in rates}
        self.free: deque[_Client] = deque()
        self.busy: dict[_Client, None] = {}  # who has waited longest stands first
        self._port = port
        self._rates = rates
        self._connecting: set[asyncio.Task[None]] = set()

    async def come(self, seconds: float) -> None:
        """For so long; returns when everybody was served or has left."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        issued = dict.fromkeys(self._rates, 0)
        while (elapsed := loop.time() - started) < seconds:
            for path, rate in self._rates.items():
                for number in range(issued[path], int(elapsed * rate)):
                    self._ask(path, started + number / rate)
                    issued[path] = number + 1
            self._leave(loop.time())
            await asyncio.sleep(_TICK)
        while self.busy or self._connecting:
            self._leave(loop.time())
            await asyncio.sleep(_TICK)
        for client in self.free:
            client.transport.abort()

    def _ask(self, path: str, due: float) -> None:
        while self.free:
            client = self.free.pop()
            if not client.transport.is_closing():
                client.ask(path, due)
                return
        task = asyncio.get_running_loop().create_task(self._connect(path, due))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, path: str, due: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, client = await loop.create_connection(lambda: _Client(self), "127.0.0.1", self._port)
        except OSError:
            self.fates[path].refused += 1
        else:
            client.ask(path, due)

    def _leave(self, now: float) -> None:
        while self.busy and now - (client := next(iter(self.busy))).due > PATIENCE:
            self.fates[client.over()].gave_up += 1
            client.transport.abort()


class _Client(asyncio.Protocol):
    """path, due: of the request under way; "" when there is none."""

    def __init__(self, clients: ImpatientClients) -> None:
        self._clients = clients
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self.path = ""
        self.due = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, path: str, due: float) -> None:
        """Send a request that was due at that time."""
        self.path, self.due, self._received = path, due, b""
        self._clients.busy[self] = None
        self.transport.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or not self.path or len(body) < _length(head):
            return
        fate = self._clients.fates[self.over()]
        if head.startswith(b"HTTP/1.1 200 "):
            fate.served += 1
            fate.latencies.add(self._loop.time() - self.due)
        else:
            fate.refused += 1
        self._clients.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.path:
            self._clients.fates[self.over()].refused += 1

    def over(self) -> str:
        """Its request is: the path that this was of."""
        path, self.path = self.path, ""
        del self._clients.busy[self]
        return path


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
