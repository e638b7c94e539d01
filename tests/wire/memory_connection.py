"""A connection in memory: a transport as asyncio's on the side under test, an end played by hand on the other."""

import asyncio
import socket
from collections import deque
from typing import Any

_HIGH_WATER = 64 * 1024  # bytes, as asyncio's


class Endpoint:
    """received: everything that arrived. is_ended: the other side sends no more. was_reset: it gave the connection up.

    reads: False stops taking bytes, until `read_on`.
    """

    def __init__(self) -> None:
        self.received = bytearray()
        self.is_ended = self.was_reset = False
        self.reads = True
        self.transport: MemoryTransport

    @property
    def is_over(self) -> bool:
        """Whether nothing more will arrive."""
        return self.is_ended or self.was_reset

    def send(self, *pieces: bytes) -> None:
        """Each piece is read by itself; an empty one is the end of all."""
        for piece in pieces:
            self.transport.arrive(piece)

    def half_close(self) -> None:
        """Send no more."""
        self.transport.arrive(b"")

    def reset(self) -> None:
        """Give the connection up."""
        self.transport.lose(ConnectionResetError())

    def read_on(self) -> None:
        """Take what waits, and what comes."""
        self.reads = True
        self.transport.flush()


class MemoryTransport(asyncio.Transport):
    """Delivers in order, one read at a time, and never from within a call of the protocol's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: asyncio.Protocol, end: Endpoint) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._end = end
        end.transport = self
        self._arrived: deque[bytes] = deque()
        self._unsent = bytearray()
        self._high_water = _HIGH_WATER
        self._is_paused = self._is_closing = self._is_lost = self._is_blocked = self._ends = False
        self.resets_on_close = False

    # The far end calls these.

    def arrive(self, piece: bytes) -> None:
        """Bytes, or the end of them as an empty piece."""
        if not self._is_closing:
            self._arrived.append(piece)
            self._loop.call_soon(self._deliver)

    def lose(self, error: Exception | None) -> None:
        """The connection is gone."""
        if not self._is_lost:
            self._is_closing = self._is_lost = True
            self._arrived.clear()
            self._unsent.clear()
            self._loop.call_soon(self._protocol.connection_lost, error)

    def flush(self) -> None:
        """Hand over what waits."""
        self._end.received += self._unsent
        self._unsent.clear()
        if self._is_blocked:
            self._is_blocked = False
            self._loop.call_soon(self._protocol.resume_writing)
        if self._is_closing:
            self._close()
        elif self._ends:
            self._end.is_ended = True

    def _deliver(self) -> None:
        if self._is_paused or self._is_closing or not self._arrived:
            return
        piece = self._arrived.popleft()
        if piece:
            self._protocol.data_received(piece)
        elif not self._protocol.eof_received():
            self.close()

    def _close(self) -> None:
        if not self._is_lost:
            # Closing with unread bytes resets a TCP connection (RFC 1122 §4.2.2.13).
            self._end.was_reset = self.resets_on_close or any(self._arrived)
            self._end.is_ended = True
            self.lose(None)

    # The protocol calls these.

    def write(self, data: Any) -> None:
        if self._is_closing:
            return
        if self._end.reads and not self._unsent:
            self._end.received += data
            return
        self._unsent += data
        if len(self._unsent) > self._high_water and not self._is_blocked:
            self._is_blocked = True
            self._protocol.pause_writing()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._ends = True
        if not self._unsent:
            self._end.is_ended = True

    def close(self) -> None:
        self._is_closing = True
        if not self._unsent:
            self._close()

    def abort(self) -> None:
        if not self._is_lost:
            self._end.was_reset = True
            self.lose(None)

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None:
        self._is_paused = True

    def resume_reading(self) -> None:
        self._is_paused = False
        for _ in self._arrived:
            self._loop.call_soon(self._deliver)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high_water = _HIGH_WATER if high is None else high

    def get_write_buffer_size(self) -> int:
        return len(self._unsent)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name in ("peername", "sockname"):
            return ("127.0.0.1", 1)
        return _Socket(self) if name == "socket" else default


class _Socket:
    """Takes options; the one that matters makes a close a reset."""

    def __init__(self, transport: MemoryTransport) -> None:
        self._transport = transport

    def fileno(self) -> int:
        """Of a connection that no kernel knows."""
        return -1

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        if option == socket.SO_LINGER:
            self._transport.resets_on_close = True
