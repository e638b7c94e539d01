"""A connection of the admin interface: bounded in bytes and time, and in number with the others.

uvicorn bounds none of this, and nobody needs a token to connect.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SECONDS = 30.0  # from the connection, or the last answer, to the end of the next answer
MOST_CONNECTIONS = 64
MOST_BYTES_OF_HEAD = 64 * 1024
MOST_BYTES = 2 * 1024 * 1024  # of one request, head and framing included; an operation takes 1 MiB
MOST_PIPELINED = 16  # requests that wait for the answer to another one


class AdminConnection(HttpToolsProtocol):
    """What uvicorn's does, within bounds. Whoever goes beyond one is cut off."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._received = 0
        self._is_in_head = True
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def is_answering(self) -> bool:
        """Whether a whole head has come, and its answer is not complete."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A newcomer is always let in: of those who are there, the one goes that has been idle longest."""
        super().connection_made(transport)
        self._begin_to_wait()
        if len(self.connections) > MOST_CONNECTIONS:
            others = [each for each in self.connections if isinstance(each, AdminConnection) and each is not self]
            min(others, key=AdminConnection._worth).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._end_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless that is too much for one request."""
        self._received += len(data)
        super().data_received(data)
        if self._received > (MOST_BYTES_OF_HEAD if self._is_in_head else MOST_BYTES):
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Of the parser. Raises ValueError, which it makes a 400, for too many requests at once."""
        if len(self.pipeline) >= MOST_PIPELINED:
            raise ValueError("too many requests at once")
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the parser. uvicorn would add trailers to the head, a token among them (RFC 9110 §6.5.1): they go."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Of the parser."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Of the parser."""
        self._received = 0
        self._is_in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The next request has as much time as the first."""
        super().on_response_complete()
        self._begin_to_wait()

    def _begin_to_wait(self) -> None:
        self._end_waiting()
        if not self.transport.is_closing():
            self._deadline = self.loop.call_later(SECONDS, self.transport.abort)

    def _end_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None

    def _worth(self) -> tuple[bool, float]:
        return self.is_answering, self._deadline.when() if self._deadline else 0.0
