"""One end of a TCP connection in a test: sends and expects bytes, and says what it got when they do not come."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable
from typing import TypeVar

from wire.message import Message, parse_head

T = TypeVar("T")

PATIENCE = 5.0  # seconds until a test that waits in vain fails; nothing that passes waits for it
_STILL = 300  # turns of the event loop without progress: a connection on loopback has stalled
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Peer:
    """A client, or a backend's side of an accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, *pieces: bytes) -> None:
        """Hand bytes to the kernel, or to the event loop if the other side does not read."""
        self._writer.write(b"".join(pieces))

    async def send_in_pieces(self, data: bytes, size: int = 1) -> None:
        """Send so that the other side reads piece by piece."""
        for start in range(0, len(data), size):
            if self._writer.transport.is_closing():
                return  # the other side has heard enough
            self._writer.write(data[start : start + size])
            await turns(2)

    async def send_all(self, data: bytes) -> None:
        """Send, and wait until the other side has made room for all of it."""
        self._writer.write(data)
        await self._patiently(self._writer.drain(), "room to send")

    async def flood(self, piece: bytes, total: int) -> int:
        """Send up to `total` bytes, until the other side takes no more. Returns the bytes taken."""
        sent = still = 0
        transport = self._writer.transport
        while sent < total and still < _STILL and not transport.is_closing():
            if transport.get_write_buffer_size() == 0:
                transport.write(piece)
                sent += len(piece)
                still = 0
            still += 1
            await asyncio.sleep(0)
        return sent - transport.get_write_buffer_size()

    async def until(self, mark: bytes) -> bytes:
        """Everything up to and including `mark`."""
        return await self._patiently(self._reader.readuntil(mark), repr(mark))

    async def exactly(self, size: int) -> bytes:
        """So many bytes."""
        return await self._patiently(self._reader.readexactly(size), f"{size} bytes")

    async def head(self) -> Message:
        """The head of a message, its body not yet read."""
        return parse_head(await self.until(b"\r\n\r\n"))

    async def message(self, *, to_head: bool = False) -> Message:
        """A whole request or answer, read as its framing says. `to_head`: it answers a HEAD request."""
        message = await self.head()
        if message.is_chunked and not to_head:
            await self._read_chunks(message)
        elif message.length is not None and not to_head and message.may_have_body:
            message.body = await self.exactly(message.length)
        elif message.ends_with_connection and not to_head:
            message.body = await self.rest()
        return message

    async def rest(self) -> bytes:
        """Everything until the other side ends its half in good order. Raises ConnectionResetError for a reset."""
        return await self._patiently(self._reader.read(), "the end of the connection")

    async def is_cut(self) -> bool:
        """Wait for the end; whether it was a reset."""
        try:
            await self.rest()
        except ConnectionError:
            return True
        return False

    async def is_gone(self) -> bool:
        """Wait for the end, whatever it looks like. Always True, for use in `assert`."""
        await self.is_cut()
        return True

    async def has_received(self, data: bytes) -> bool:
        """Whether bytes that start like this arrive before nothing more can happen."""
        for _ in range(_STILL):
            if len(self.received()) >= len(data):
                break
            await asyncio.sleep(0)
        return self.received().startswith(data)

    def received(self) -> bytes:
        """What has arrived and was not read yet."""
        return bytes(self._reader._buffer)  # type: ignore[attr-defined]

    @property
    def has_ended(self) -> bool:
        """Whether the other side has ended its half or reset the connection."""
        return self._reader._eof or self._reader.exception() is not None  # type: ignore[attr-defined]

    def half_close(self) -> None:
        """Send no more."""
        self._writer.write_eof()

    def close(self) -> None:
        """Close in good order."""
        self._writer.close()

    def end_at_once(self) -> None:
        """Send no more, and have the kernel say so before this returns, not in the next turn of the event loop."""
        with socket.socket(fileno=os.dup(self._writer.get_extra_info("socket").fileno())) as connected:
            connected.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close so that the other side sees a reset."""
        if not self._writer.transport.is_closing():
            connected = self._writer.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()

    async def _read_chunks(self, message: Message) -> None:
        while True:
            line = await self.until(b"\r\n")
            size = int(line, 16)
            if size == 0:
                break
            message.chunks.append((await self.exactly(size + 2))[:-2])
        message.body = b"".join(message.chunks)
        while (line := await self.until(b"\r\n")) != b"\r\n":
            name, _, value = line[:-2].partition(b": ")
            message.trailers.append((name, value))

    async def _patiently(self, awaitable: Awaitable[T], what: str) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                return await awaitable
        except TimeoutError:
            raise AssertionError(f"waited for {what}; got {self.received()[:2000]!r}") from None
        except asyncio.IncompleteReadError as error:
            raise AssertionError(f"waited for {what}; the connection ended after {error.partial[:2000]!r}") from None


async def turns(count: int = _STILL) -> None:
    """Let the event loop turn, so that whatever can happen has happened."""
    for _ in range(count):
        await asyncio.sleep(0)
