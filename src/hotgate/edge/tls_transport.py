"""TLS records between a client's socket and its `ServerConnection`, once the handshake is done.

For the event loop it is the protocol of the raw transport; for the connection it is the transport. Nothing is kept
here: what arrives is decrypted and handed on, what is written is encrypted and handed on, in the same call. So
back-pressure is that of the raw transport, both ways.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterable
from typing import cast

from hotgate.edge.tls_listener import ServedHost, TlsListener
from hotgate.identity.certificates.client_certificate import PresentedCertificate
from hotgate.identity.certificates.client_trust import Verdict

_RECORD = 16 * 1024  # bytes of plaintext in a record at most (RFC 8446 §5.1)
_MAX_FRUITLESS = 256 * 1024  # bytes that bring no data: empty records, key updates, refused renegotiations


class TlsTransport(asyncio.Protocol):
    """rules: those of the handshake. name: the host that the client asked for, None for none. host: what it met there.
    certificate: what it has proved to own. verdict: on that, if it was given in the handshake.

    is_broken: close without close_notify, so that what was sent cannot pass for complete (RFC 8446 §6.1).
    """

    __slots__ = (
        "_connection",
        "_fruitless",
        "_has_ended",
        "_incoming",
        "_outgoing",
        "_raw",
        "_tls",
        "abort",
        "can_write_eof",
        "certificate",
        "get_extra_info",
        "get_write_buffer_size",
        "host",
        "is_broken",
        "is_closing",
        "name",
        "pause_reading",
        "resume_reading",
        "rules",
        "set_write_buffer_limits",
        "verdict",
    )

    def __init__(
        self,
        raw: asyncio.Transport,
        rules: TlsListener,
        host: ServedHost,
        name: str | None,
        tls: ssl.SSLObject,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
    ) -> None:
        self._raw = raw
        self.rules = rules
        self.host = host
        self.name = name
        self.certificate: PresentedCertificate | None = None
        self.verdict: Verdict | None = None
        self._tls = tls
        self._incoming = incoming
        self._outgoing = outgoing
        self._connection: asyncio.Protocol | None = None
        self._fruitless = 0
        self._has_ended = self.is_broken = False
        # What encryption does not change is the raw transport's own.
        self.abort = raw.abort
        self.is_closing = raw.is_closing
        self.pause_reading = raw.pause_reading
        self.resume_reading = raw.resume_reading
        self.can_write_eof = raw.can_write_eof
        self.get_extra_info = raw.get_extra_info
        self.get_write_buffer_size = raw.get_write_buffer_size
        self.set_write_buffer_limits = raw.set_write_buffer_limits

    def begin(self, connection: asyncio.Protocol) -> None:
        """Serve this connection from now on; some of what it is to read may have come with the handshake."""
        self._connection = connection
        self._raw.set_protocol(self)
        connection.connection_made(cast(asyncio.Transport, self))  # one in all but ancestry
        self._flush()
        if self._incoming.pending:
            self.data_received(b"")

    # The event loop calls these.

    def data_received(self, data: bytes) -> None:
        incoming = self._incoming
        incoming.write(data)
        try:
            plain = self._tls.read(_RECORD)
            is_last = not plain
        except ssl.SSLWantReadError:
            self._without_data(len(data))
            return
        except ssl.SSLError:
            self._end()
            return
        if incoming.pending and not is_last:
            plain, is_last = self._read_on(plain)
        self._fruitless = 0
        if plain and self._connection is not None:
            self._connection.data_received(plain)
        if is_last:
            self._end()

    def eof_received(self) -> bool:
        # Without close_notify too: a client that stops sending has left, whatever it meant.
        if self._connection is not None:
            self._connection.eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        connection, self._connection = self._connection, None  # no reference cycle is left
        if connection is not None:
            connection.connection_lost(exc)

    def pause_writing(self) -> None:
        if self._connection is not None:
            self._connection.pause_writing()

    def resume_writing(self) -> None:
        if self._connection is not None:
            self._connection.resume_writing()

    # The connection calls these.

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        try:
            written = self._tls.write(data)
            while written < len(data):  # OpenSSL takes one record at a time
                written += self._tls.write(memoryview(data)[written:])
        except ssl.SSLError:
            self._end()
            return
        self._raw.write(self._outgoing.read())

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Encrypt and send, in as few records as possible."""
        self.write(b"".join(pieces))

    def write_eof(self) -> None:
        """Say that nothing more is sent (RFC 8446 §6.1); reading goes on."""
        self._say_goodbye()
        self._has_ended = True
        self._raw.write_eof()

    def close(self) -> None:
        """Say goodbye and close once everything is sent, without waiting for the client's goodbye."""
        if not self.is_closing():
            if not self.is_broken:
                self._say_goodbye()
            self._raw.close()

    def _read_on(self, first: bytes) -> tuple[bytes, bool]:
        """The rest of what was received, and whether the client said that it was the last."""
        pieces = [first]
        try:
            while self._incoming.pending:
                piece = self._tls.read(_RECORD)
                if not piece:
                    return b"".join(pieces), True
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            return b"".join(pieces), True
        return b"".join(pieces), False

    def _without_data(self, size: int) -> None:
        """Half a record, or one that is about the connection itself, which may have to be answered."""
        self._flush()
        self._fruitless += size
        if self._fruitless > _MAX_FRUITLESS:
            self.abort()

    def _end(self) -> None:
        """The client said goodbye, or broke a rule and is sent an alert."""
        if self._connection is not None:
            self._connection.eof_received()
        self._flush()
        self.close()

    def _say_goodbye(self) -> None:
        with contextlib.suppress(ssl.SSLError):  # it would like to hear the client's goodbye too; ours is said
            self._tls.unwrap()
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending and not self._has_ended and not self.is_closing():
            self._raw.write(self._outgoing.read())
