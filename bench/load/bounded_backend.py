"""A backend that bears so much and no more: SLOTS requests at once, each for SERVICE seconds, the others wait in line.

Run as `python -m bench.load.bounded_backend PORT`. As with most servers, the line has no bound, and who has left it is
served all the same.
"""

import asyncio
import sys
from collections import deque
from typing import cast

SLOTS = 10
SERVICE = 0.02  # seconds
CAPACITY = SLOTS / SERVICE  # requests per second

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Line:
    """Who is served, and who waits for it."""

    def __init__(self) -> None:
        self._free = SLOTS
        self._waiting: deque[asyncio.Transport] = deque()

    def join(self, transport: asyncio.Transport) -> None:
        """A request has come on this connection."""
        if self._free:
            self._free -= 1
            self._serve(transport)
        else:
            self._waiting.append(transport)

    def _serve(self, transport: asyncio.Transport) -> None:
        asyncio.get_running_loop().call_later(SERVICE, self._answer, transport)

    def _answer(self, transport: asyncio.Transport) -> None:
        if not transport.is_closing():
            transport.write(_ANSWER)
        if self._waiting:
            self._serve(self._waiting.popleft())
        else:
            self._free += 1


class BoundedBackend(asyncio.Protocol):
    """One connection; requests have no body and come whole."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"\r\n\r\n")):
            self._line.join(self._transport)


async def serve(port: int) -> None:
    """Until the process ends."""
    line = Line()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedBackend(line), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
