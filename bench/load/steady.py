"""A load of so many requests per second, whatever the server makes of it, and the fate of each.

Unlike wrk it does not slow down when the server does: a request is late from the moment at which it was due, so a
pause of the server shows in the latency of every request that it kept waiting (no coordinated omission).
"""

import asyncio
from collections import Counter, deque
from typing import cast

from bench.load.backend import BODY
from bench.load.histogram import LatencyHistogram
from bench.scenario import HOST, PATH

REQUEST = f"GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
_END = BODY.encode()
_TICK = 0.001  # seconds
_TOO_LATE = 10.0  # seconds without an answer: failed


class SteadyLoad:
    """latencies: of answered requests. failures: what went wrong → how often. answered: so far.

    port: on 127.0.0.1. rate: requests per second over all of `connections`.
    """

    def __init__(self, port: int, rate: float, connections: int) -> None:
        self.latencies = LatencyHistogram()
        self.failures: Counter[str] = Counter()
        self.answered = 0
        self._port = port
        self._rate = rate
        self._connections = connections
        self.free: deque[_Client] = deque()
        self.clients: set[_Client] = set()
        self.due: deque[float] = deque()
        self._is_over = False

    async def run(self, seconds: float) -> None:
        """Apply the load for so long; returns when every request was answered or given up."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(self.connect() for _ in range(self._connections)))
        started = loop.time()
        issued = 0
        while (elapsed := loop.time() - started) < seconds:
            for _ in range(int(elapsed * self._rate) - issued):
                self.due.append(started + issued / self._rate)
                issued += 1
            self.send_due()
            self._give_up(loop.time())
            await asyncio.sleep(_TICK)
        while self.due or any(client.since for client in self.clients):
            self.send_due()
            self._give_up(loop.time())
            await asyncio.sleep(_TICK)
        self._is_over = True
        for client in list(self.clients):
            client.transport.abort()

    def send_due(self) -> None:
        """Send what is due on connections that are free."""
        while self.due and self.free:
            client = self.free.popleft()
            if client.transport.is_closing():
                continue
            client.ask(self.due.popleft())

    async def connect(self) -> None:
        """One more connection."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: _Client(self), "127.0.0.1", self._port)
        except OSError as error:
            self.failures[f"connect: {type(error).__name__}"] += 1

    def lost(self, client: "_Client") -> None:
        """A connection ended; with an answer outstanding, that is a failed request."""
        self.clients.discard(client)
        if self._is_over:
            return
        if client.since:
            self.failures["connection closed"] += 1
        self._reconnecting = asyncio.get_running_loop().create_task(self.connect())

    def _give_up(self, now: float) -> None:
        for client in [client for client in self.clients if client.since and now - client.since > _TOO_LATE]:
            self.failures["no answer"] += 1
            client.since = 0.0
            client.transport.abort()


class _Client(asyncio.Protocol):
    """since: when the request under way was due (the loop's time); 0 when there is none."""

    def __init__(self, load: SteadyLoad) -> None:
        self._load = load
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self.since = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._load.clients.add(self)
        self._load.free.append(self)

    def ask(self, due: float) -> None:
        """Send a request that was due at that time."""
        self.since = due
        self.transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        self._received = received = self._received + data if self._received else data
        if not received.endswith(_END):
            if b"\r\n\r\n" in received and not received.startswith(b"HTTP/1.1 200 "):
                self._failed(received)
            return
        self._received = b""
        load = self._load
        load.latencies.add(self._loop.time() - self.since)
        load.answered += 1
        self.since = 0.0
        if b"\r\nconnection: close\r\n" not in received:
            load.free.append(self)
            if load.due:
                load.send_due()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost(self)

    def _failed(self, received: bytes) -> None:
        self._load.failures[received.partition(b"\r\n")[0].decode("latin-1")] += 1
        self.since = 0.0
        self._received = b""
        self.transport.abort()
