"""A client's TLS, spoken by hand, so that a script sees what other clients hide: goodbyes, alerts, missing ends."""

import asyncio
import contextlib
import ssl
from functools import cache
from typing import Any, cast

from certificate_authority import authority
from wire.peer import Peer

_PIECE = 64 * 1024


class Truncated(ConnectionError):
    """The connection ended without close_notify: what was received may be incomplete (RFC 8446 §6.1)."""


@cache
def client_context() -> ssl.SSLContext:
    """Trusts the authority of the tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority().pem)
    return context


class TlsPeer(Peer):
    """A client with a TLS connection. tls: for its session, certificate and the like."""

    def __init__(self, stream: "TlsStream") -> None:
        super().__init__(stream.plain, cast(asyncio.StreamWriter, stream))
        self._stream = stream

    @property
    def tls(self) -> ssl.SSLObject:
        return self._stream.tls

    def send_raw(self, data: bytes) -> None:
        """Bytes that are no TLS, or none of ours."""
        if not self._stream.is_closing():
            self._stream.raw_writer.write(data)

    def half_close_raw(self) -> None:
        """End the connection without a goodbye."""
        self._stream.raw_writer.write_eof()


class TlsStream:
    """Stands in for the StreamWriter and its transport; `plain` is the StreamReader."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        context: ssl.SSLContext,
        name: str | None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        self.plain = asyncio.StreamReader()
        self.plain.set_transport(cast(asyncio.Transport, self))
        self.raw_reader = reader
        self.raw_writer = writer
        self.transport = self
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name, session=session)
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._pump: asyncio.Task[None] | None = None

    async def shake_hands(self) -> None:
        """Raises ssl.SSLError for an alert, Truncated for an end."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._incoming.write(await self._more())
            except ssl.SSLError:
                self._flush()  # our alert
                raise
            else:
                break
        self._flush()
        self._pump = asyncio.get_running_loop().create_task(self._receive())

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self.tls.write(view) :]
        self._flush()

    async def drain(self) -> None:
        await self.raw_writer.drain()

    def get_write_buffer_size(self) -> int:
        return self.raw_writer.transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        return self.raw_writer.transport.is_closing()

    def get_extra_info(self, name: str) -> Any:
        return self.raw_writer.get_extra_info(name)

    def pause_reading(self) -> None:
        """The script does not read: the gateway must feel it."""
        self._has_room.clear()

    def resume_reading(self) -> None:
        self._has_room.set()

    def write_eof(self) -> None:
        self._say_goodbye()
        self.raw_writer.write_eof()

    def close(self) -> None:
        self._say_goodbye()
        self.raw_writer.close()

    def abort(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
        self.raw_writer.transport.abort()

    def _say_goodbye(self) -> None:
        with contextlib.suppress(ssl.SSLError):
            self.tls.unwrap()
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self.raw_writer.write(self._outgoing.read())

    async def _receive(self) -> None:
        try:
            while self._decrypt():
                await self._has_room.wait()
                self._incoming.write(await self._more())
        except (OSError, ssl.SSLError) as error:
            self.plain.set_exception(error)

    async def _more(self) -> bytes:
        data = await self.raw_reader.read(_PIECE)
        if not data:
            raise Truncated("there was no close_notify")
        return data

    def _decrypt(self) -> bool:
        """False after the gateway's goodbye."""
        while True:
            try:
                data = self.tls.read(_PIECE)
            except ssl.SSLWantReadError:
                return True
            except ssl.SSLZeroReturnError:
                data = b""
            if not data:
                self.plain.feed_eof()
                return False
            self.plain.feed_data(data)
