"""Clients that ask as fast as they are answered, or calmly, and a backend that notes when requests were sent and came.

Both live in one process, so that there is one clock. A request carries in its query who sent it and when.
"""

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import cast

Arrived = Callable[[str, str, float, float], None]
"""Told of each request that reaches the backend: path, client, when it was sent, and when it came."""

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_CUT = len(b"HTTP/1.1 200") - 1  # bytes of a first line that came in two parts, at most
CLOSED = b"none"
_AGAIN = 0.05  # seconds until a client that lost its connection comes back


class CountingBackend(asyncio.Protocol):
    """One connection of the gateway; requests have no body and come one after another."""

    def __init__(self, arrived: Arrived) -> None:
        self._arrived = arrived
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        path, _, query = self._received.split(b" ", 2)[1].decode().partition("?")
        self._received = b""
        client, _, sent = query.partition("=")
        if sent:  # others only look whether the gateway is ready
            self._arrived(path, client, float(sent), now)
        self._transport.write(_ANSWER)


class Client(asyncio.Protocol):
    """One connection to one gateway, for paths in turn; it comes back when it is closed.

    batch: requests that are sent at once. pause: seconds between an answered batch and the next.
    """

    def __init__(
        self, port: int, name: str, paths: tuple[str, ...], answers: Counter[bytes], batch: int = 1, pause: float = 0.0
    ) -> None:
        self._port = port
        self._name = name
        self._paths = paths
        self._answers = answers
        self._batch = batch
        self._pause = pause
        self._end = b""  # of what was received
        self._awaited = 0
        self._is_stopped = False
        self.asked = 0
        self._transport: asyncio.Transport

    async def start(self) -> None:
        """Connect and ask."""
        while not self._is_stopped:
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)
                return
            await asyncio.sleep(_AGAIN)

    def stop(self) -> None:
        """Ask no more."""
        self._is_stopped = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._end = b""
        self._ask()

    def data_received(self, data: bytes) -> None:
        received = self._end + data
        self._end = received[-_CUT:]
        statuses = _STATUS.findall(received)
        self._answers.update(statuses)
        self._awaited -= len(statuses)
        if self._awaited <= 0:
            self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_stopped:
            self._answers[CLOSED] += self._awaited
            self._again = asyncio.ensure_future(self.start())

    def _go_on(self) -> None:
        if self._pause:
            asyncio.get_running_loop().call_later(self._pause, self._ask)
        else:
            self._ask()

    def _ask(self) -> None:
        if self._is_stopped or self._transport.is_closing():
            return
        path = self._paths[self.asked // self._batch % len(self._paths)]
        request = (
            f"GET {path}?{self._name}={time.monotonic():.6f} HTTP/1.1\r\nHost: api.example.com\r\n"
            f"X-Client: {self._name}\r\n\r\n"
        )
        self._awaited = self._batch
        self.asked += self._batch
        self._transport.write(request.encode() * self._batch)
