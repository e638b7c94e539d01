"""A client's connection until both sides share keys: bounded in time and bytes, and refused in words it understands."""

import asyncio
import ssl
from typing import cast

from hotgate.edge.answers import last_answer
from hotgate.edge.arrival import Arrival
from hotgate.edge.client_hello import ClientHello
from hotgate.edge.connection import ServerConnection
from hotgate.edge.context import EdgeContext
from hotgate.edge.handshake_failure import certificate_failure_of, failure_of
from hotgate.edge.presented_chain import presented
from hotgate.edge.tls_listener import ServedHost, TlsListener
from hotgate.edge.tls_transport import TlsTransport
from hotgate.identity.certificates.client_certificate import PresentedCertificate
from hotgate.identity.certificates.client_trust import ClientTrust, Verdict
from hotgate.observe.log import security_event

_MAX_BYTES = 64 * 1024  # of the client, its certificates included
_METHOD_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")  # no TLS record begins with one (RFC 8446 §5.1)
_UNRECOGNIZED_NAME = b"\x15\x03\x03\0\x02\x02\x70"  # an alert: fatal, unrecognized_name (RFC 6066 §3)
_SPEAK_TLS = last_answer(400, "tls-required", "This port speaks HTTPS only. Use https.")


class TlsHandshake(asyncio.Protocol):
    """Lives until the handshake is done, and makes the `ServerConnection` then. is_busy: never."""

    __slots__ = (
        "_arrival",
        "_context",
        "_deadline",
        "_hello",
        "_host",
        "_incoming",
        "_is_refused",
        "_learning",
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
        self._hello = ClientHello()
        self._host: ServedHost
        self._tls: ssl.SSLObject | None = None
        self._learning: asyncio.Task[None] | None = None
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
        context.connections[self] = None
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
            if self._learning is not None:
                self._wait_for_answer()
            elif self._tls is not None or self._is_begun(data):
                self._shake_hands()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_refused:  # a scanner resets the connection, and is to be seen as well
            self._context.handshakes.fail("client-closed")
        if self._learning is not None:
            self._learning.cancel()
            self._learning = None  # it keeps its CancelledError, whose traceback knows this object
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

    def make_room(self) -> None:
        """A handshake has little time anyway."""

    def abort(self) -> None:
        """Close without waiting for anything."""
        self._is_refused = True
        self._raw.abort()

    def _is_begun(self, data: bytes) -> bool:
        """Whether it is known whom the client wants to speak with, so that OpenSSL can answer."""
        rules, hello = self._rules, self._hello
        found: ServedHost | None = rules.default
        if rules.needs_name:
            hello.feed(data)
            if not hello.is_read:
                return False
            found = rules.find(hello.name or "")
        if found is None:
            self._raw.write(_UNRECOGNIZED_NAME)
            self._refuse("unknown-name")
            return False
        self._host = found
        self._tls = found.context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        return True

    def _shake_hands(self) -> None:
        assert self._tls is not None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            if self._received > _MAX_BYTES:
                self._context.handshakes.fail("too-large")
                self.abort()
        except ssl.SSLError as error:
            self._tell_of_certificate(error)
            self._refuse(failure_of(error))
        else:
            self._look_at_certificate(self._tls)

    def _look_at_certificate(self, tls: ssl.SSLObject) -> None:
        """Go over to HTTP; but first, where that takes a question to its authority, learn about the certificate."""
        trust = self._host.clients.trust
        certificate = None if trust is None else presented(tls, trust)
        verdict = None if trust is None or certificate is None else trust.judge(certificate)
        if trust is None or certificate is None or verdict is not None:
            self._go_over(tls, certificate, verdict)
        else:
            learning = self._learn(trust, certificate, tls)
            self._learning = asyncio.get_running_loop().create_task(learning)

    def _wait_for_answer(self) -> None:
        """The first request comes meanwhile; some of it is kept, and one who leaves is noticed."""
        if self._received > _MAX_BYTES:
            self._raw.pause_reading()

    async def _learn(self, trust: ClientTrust, certificate: PresentedCertificate, tls: ssl.SSLObject) -> None:
        await trust.learn(certificate)
        self._learning = None
        if not self._raw.is_closing():
            self._raw.resume_reading()  # does nothing if it was not paused
            self._go_over(tls, certificate, trust.judge(certificate))

    def _go_over(self, tls: ssl.SSLObject, certificate: PresentedCertificate | None, verdict: Verdict | None) -> None:
        """From here on it is a connection like any other."""
        context = self._context
        context.connections.pop(self, None)
        context.handshakes.complete(tls.version() or "", is_resumed=bool(tls.session_reused))
        name = self._hello.name
        transport = TlsTransport(self._raw, self._rules, self._host, name, tls, self._incoming, self._outgoing)
        transport.certificate = certificate
        transport.verdict = verdict
        connection = ServerConnection(context, self._arrival, transport)
        transport.begin(connection)
        if context.draining:
            connection.drain()

    def _tell_of_certificate(self, error: ssl.SSLError) -> None:
        """A partner who is locked out learns little from an alert: whoever is asked finds here who it was, and why."""
        if why := certificate_failure_of(error):
            arrival = self._arrival
            security_event("client-certificate-refused", listener=arrival.listener, address=arrival.peer, reason=why)

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
