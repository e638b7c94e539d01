"""A client's connection until both sides share keys: bounded in time and bytes, and refused in words it understands."""

import asyncio
import ssl
from typing import cast

from hotgate.edge.answers import last_answer
from hotgate.edge.arrival import Arrival
from hotgate.edge.connection import ServerConnection
from hotgate.edge.context import EdgeContext
from hotgate.edge.handshake_failure import failure_of
from hotgate.edge.tls_listener import TlsListener
from hotgate.edge.tls_transport import TlsTransport

_MAX_BYTES = 64 * 1024  # of the client, its certificates included
_METHOD_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")  # no TLS record begins with one (RFC 8446 §5.1)
_SPEAK_TLS = last_answer(400, "tls-required", "This port speaks HTTPS only. Use https.")


class TlsHandshake(asyncio.Protocol):
    """Lives until the handshake is done, and makes the `ServerConnection` then. is_busy: never."""

    __slots__ = (
        "_arrival",
        "_context",
        "_deadline",
        "_incoming",
        "_is_refused",
        "_outgoing",
        "_raw",
        "_received",
        "_rules",
        "_tls",
    )

    is_busy = False

    def __init__(self, context: EdgeContext, arrival: Arrival, rules: TlsListener) -> None:
        self._context = context
        self._arrival = arrival
        self._rules = rules
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = rules.context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._raw: asyncio.Transport
        self._received = 0
        self._is_refused = False
        self._deadline = 0.0

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        context = self._context
        self._raw = cast(asyncio.Transport, transport)
        self._deadline = context.now + context.snapshot.timeouts.handshake
        is_refused = self._arrival.admit(transport) is not None
        context.connections.add(self)
        if is_refused:
            self.abort()  # whatever there is to say must not cost a handshake

    def data_received(self, data: bytes) -> None:
        is_first = not self._received
        self._received += len(data)
        if self._is_refused:
            if self._received > _MAX_BYTES:
                self._raw.abort()
        elif is_first and data[0] in _METHOD_LETTERS:
            self._refuse_plain_http()
        else:
            self._incoming.write(data)
            self._shake_hands()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_refused:  # a scanner resets the connection, and is to be seen as well
            self._context.handshakes.fail("client-closed")
        self._arrival.leave()
        self._context.forget(self)

    # The tick and the drain call these.

    def check(self, now: float) -> None:
        """Act on a deadline that has passed."""
        if now >= self._deadline:
            if not self._is_refused:
                self._context.handshakes.fail("timeout")
            self.abort()

    def drain(self) -> None:
        """Little time is left, but a request may be on its way."""
        self._deadline = min(self._deadline, self._context.now + self._context.snapshot.timeouts.last_request)

    def follow_terms(self) -> None:
        """Nothing was asked yet, so nothing is lost."""
        if self._arrival.has_old_terms:
            self._raw.abort()

    def abort(self) -> None:
        """Close without waiting for anything."""
        self._is_refused = True
        self._raw.abort()

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            if self._received > _MAX_BYTES:
                self._context.handshakes.fail("too-large")
                self.abort()
        except ssl.SSLError as error:
            self._refuse(failure_of(error))
        else:
            self._go_over()

    def _go_over(self) -> None:
        """From here on it is a connection like any other."""
        context = self._context
        context.connections.discard(self)
        context.handshakes.complete(self._tls.version() or "", is_resumed=bool(self._tls.session_reused))
        transport = TlsTransport(self._raw, self._rules, self._tls, self._incoming, self._outgoing)
        connection = ServerConnection(context, self._arrival, transport)
        transport.begin(connection)
        if context.draining:
            connection.drain()

    def _refuse(self, reason: str) -> None:
        """OpenSSL has written the alert."""
        self._context.handshakes.fail(reason)
        self._flush()
        self._linger()

    def _refuse_plain_http(self) -> None:
        """As nginx's 497: people type http:// and the wrong port."""
        self._context.handshakes.fail("plain-http")
        self._raw.write(_SPEAK_TLS)
        self._linger()

    def _linger(self) -> None:
        """Closing with unread bytes would reset the connection and destroy the answer (RFC 9112 §9.6)."""
        self._is_refused = True
        self._deadline = self._context.now + self._context.snapshot.timeouts.linger
        self._raw.write_eof()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._raw.write(self._outgoing.read())
