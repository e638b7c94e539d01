"""One client's HTTP/1.1 connection: requests in order, one exchange at a time, answers framed for this client."""

import asyncio
import socket
import struct
from collections import deque
from typing import cast

from hotgate.edge.admission import Reason
from hotgate.edge.answers import last_answer
from hotgate.edge.arrival import Arrival
from hotgate.edge.bound_requests import BoundRequests
from hotgate.edge.context import EdgeContext
from hotgate.edge.discarded_body import DiscardedBody
from hotgate.edge.https_redirect import HttpsRedirect
from hotgate.edge.incoming import Incoming
from hotgate.edge.pace import ReadingPace
from hotgate.edge.relay import Relay
from hotgate.edge.request_reader import RequestOwner, RequestReader
from hotgate.edge.tls_transport import TlsTransport
from hotgate.http.headers import Field, encode_fields
from hotgate.http.problem import STATUS_LINES
from hotgate.upstream.outbox import Output

_MANY_PIECES = 1000  # chunks in one read
_MAX_LINGER = 64 * 1024 * 1024  # bytes that a client may have had under way when it was refused
_HIGH_WATER = 64 * 1024  # bytes queued towards a slow client before the backend is paused
_MAX_DISCARD = 256 * 1024  # bytes of a refused request's body: reading them is cheaper than a new connection
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with time 0: close sends RST
_NO_TLS_HERE = b"\x15\x03\x03\0\x02\x02\x46"  # an alert: fatal, protocol_version (RFC 8446 §6)


class ServerConnection(asyncio.Protocol):
    """listener: name as in the file. peer: the client's address. output: where relays write their answers. tls: its
    transport, if the client speaks TLS. certificate: what the client has proved to own in its handshake.
    """

    __slots__ = (
        "_active",
        "_arrival",
        "_context",
        "_deadline",
        "_is_blocked",
        "_is_head_timed",
        "_is_lingering",
        "_is_paused",
        "_is_starting",
        "_is_turned_away",
        "_is_yielding",
        "_lingered",
        "_pending",
        "_reader",
        "_reading",
        "_requests_left",
        "_transport",
        "certificate",
        "forwarded_block",
        "forwarded_for",
        "listener",
        "output",
        "peer",
        "scheme",
        "tls",
        "trusted_proxies",
    )

    def __init__(self, context: EdgeContext, arrival: Arrival, tls: TlsTransport | None = None) -> None:
        self._context = context
        self._arrival = arrival
        self.listener = arrival.listener
        self.trusted_proxies = arrival.rules.trusted_proxies
        self.tls = tls
        self.certificate = None if tls is None else tls.certificate
        self.scheme = "http" if tls is None else "https"
        self._reader = RequestReader(self._first_judge(), context.snapshot.rules, scheme=self.scheme)
        self._pending: deque[Incoming] = deque()
        self._active: Relay | None = None
        self.output: Output
        self._is_yielding = False
        self._is_starting = self._is_paused = self._is_lingering = self._is_head_timed = self._is_blocked = False
        self._deadline = 0.0
        self._lingered = 0
        self._is_turned_away = False
        self._reading: ReadingPace | None = None
        self._requests_left = context.snapshot.max_requests
        self._transport: asyncio.Transport
        self.peer = ""
        # The forwarding fields for one authority, kept because a client hardly ever changes it.
        self.forwarded_for = b"\0"
        self.forwarded_block = b""

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        context = self._context
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but ancestry
        transport = self._transport
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        self.output = Output(transport, context.outbox)
        self._deadline = context.now + context.snapshot.timeouts.first_byte
        reason = self._arrival.admit(transport)
        self.peer = self._arrival.peer or ""
        context.connections[self] = None
        context.accepted += 1
        if reason is not None:
            self._turn_away(reason)

    def data_received(self, data: bytes) -> None:
        if self._is_lingering:
            self._lingered += len(data)
            if self._lingered > _MAX_LINGER:
                self._transport.abort()
            return
        reader = self._reader
        rules = self._context.snapshot.rules
        if reader.rules is not rules and reader.is_between:
            reader.rules = rules  # a reload; what has begun to arrive is read as it began
        reader.feed(data)
        if reader.pieces_read > _MANY_PIECES:
            reader.pieces_read = 0
            self._let_others_read()
        if self._active is None:
            if self._pending:
                self._start_next()
            elif reader.has_partial_head and not self._is_head_timed:
                self._is_head_timed = True
                self._deadline = self._context.now + self._context.snapshot.timeouts.head
        if self._pending:
            self.pause_reading()

    def eof_received(self) -> bool:
        # A client that stops sending is taken to have left: it cannot be told from one that closed its socket.
        self._leave()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        context = self._context
        self._arrival.leave()
        context.admission.lingering -= self._is_turned_away
        context.forget(self)
        self._leave()
        self._reader.release()

    def pause_writing(self) -> None:
        self._is_blocked = True
        self._reading = ReadingPace(self._transport, self._context.now)
        if self._active is not None:
            self._active.on_client_blocked(True)

    def resume_writing(self) -> None:
        self._is_blocked = False
        self._reading = None
        if self._active is not None:
            self._active.on_client_blocked(False)
        elif self._transport.is_closing() or self._is_lingering:
            self._deadline = self._context.now + self._context.snapshot.timeouts.body
        else:
            self._go_on()

    # The reader calls this.

    def on_incoming(self, incoming: Incoming) -> bool:
        self._pending.append(incoming)
        return len(self._pending) <= self._context.snapshot.rules.limits.max_pipelined

    def on_client_hello(self) -> bool:
        """TLS where none is spoken: an alert is what such a client understands, unless it is waiting for an answer."""
        if self._active is not None or self._pending:
            return False
        self.output.write(_NO_TLS_HERE)
        self._linger()
        return True

    # The tick and the drain call these.

    @property
    def socket_names(self) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
        """(the client's address and port, our own); None for what is not of IP."""
        names = [self._transport.get_extra_info(which) for which in ("peername", "sockname")]
        peer, own = (name[:2] if isinstance(name, tuple) else None for name in names)
        return peer, own

    @property
    def is_busy(self) -> bool:
        """Whether an exchange is under way."""
        return self._active is not None

    @property
    def is_paused(self) -> bool:
        """Whether nothing is taken from the client."""
        return self._is_paused

    def check(self, now: float) -> None:
        """Act on a deadline that has passed."""
        if self._reading is not None and self._reading.is_too_slow(self._context.snapshot.timeouts, now):
            if self._active is not None:
                self._active.time_out_client()
            self.abort()
        elif self._active is not None:
            self._active.check(now)
        elif now >= self._deadline and not self._is_blocked:
            self._deadline = now + self._context.snapshot.timeouts.linger
            if self._is_lingering or self._transport.is_closing():
                self._transport.abort()  # it does not take what it asked for
            elif self._reader.has_partial_head:
                self.output.write(last_answer(408, "request-timeout", "The request did not arrive in time."))
                self._linger()
            else:
                self._transport.close()

    def drain(self) -> None:
        """The next answer says that the connection ends. An idle one is closed soon: a request may be on its way."""
        self._hurry()
        if self._active is not None:
            self._active.drain()

    def make_room(self) -> None:
        """An idle one is closed soon; who has begun to send a request has the usual time for the rest."""
        if self._active is None and not self._reader.has_partial_head:
            self._hurry()

    def _hurry(self) -> None:
        self._deadline = min(self._deadline, self._context.now + self._context.snapshot.timeouts.last_request)

    def follow_terms(self) -> None:
        """Under other terms than those of today it serves one more request at most."""
        if self._arrival.has_old_terms:
            self._requests_left = min(self._requests_left, 1)
            if self._active is None:
                self._hurry()

    def abort(self) -> None:
        """Close without waiting for anything. An answer that is being sent must not look complete."""
        if self._active is not None:
            self._reset_when_closed()
        self._leave()
        self._transport.abort()

    # Relays call these (the `Downstream` protocol).

    def send_interim(self, status: int, fields: list[Field]) -> None:
        """A 1xx answer; HTTP/1.0 clients know none (RFC 9110 §15.2)."""
        if self._active is not None and self._active.incoming.request.version == "1.1":
            self.output.write(STATUS_LINES[status] + encode_fields(fields) + b"\r\n")

    def pause_reading(self) -> None:
        """Take no more from the client until `resume_reading`. Idempotent."""
        if not self._is_paused and not self._transport.is_closing():
            self._is_paused = True
            if not self._is_yielding:
                self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on. Idempotent."""
        if self._is_paused and not self._transport.is_closing():
            self._is_paused = False
            if not self._is_yielding:
                self._transport.resume_reading()

    def cut(self) -> None:
        """End an answer that cannot be completed so that the client sees it: never as a clean close."""
        self.output.send()
        self._reset_when_closed()
        self._active = None
        self._close_in_time()

    def _reset_when_closed(self) -> None:
        if self.tls is not None:
            self.tls.is_broken = True
        connected = self._transport.get_extra_info("socket")
        if connected is not None and not self._transport.is_closing():
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def on_exchange_over(self, incoming: Incoming, *, keep_alive: bool) -> None:
        """The answer is written. Go on with the next request, or close."""
        self._active = None
        if not keep_alive:
            self._close(incoming)
            return
        if incoming.is_complete:
            self._go_on()
        else:
            incoming.consumer = DiscardedBody(self)
            self._deadline = self._context.now + self._context.snapshot.timeouts.body
            self.resume_reading()

    def may_discard(self, incoming: Incoming) -> bool:
        """Whether the rest of a refused request's body is small enough to read and forget."""
        if incoming.is_complete:
            return True
        if incoming.expects_continue or incoming.length is None:
            return False
        return incoming.length - incoming.received <= _MAX_DISCARD

    def on_discarded(self) -> None:
        """The body of a refused request has passed by."""
        if self._active is None:
            self._go_on()

    def close_after_refusal(self) -> None:
        """The body of a refused request turned out malformed."""
        self._transport.abort()

    def _first_judge(self) -> RequestOwner:
        """Who is told of requests: on a listener with rules of its own, they stand before the connection."""
        if self.tls is not None:
            return BoundRequests(self, self.tls, self._context) if self.tls.rules.asks else self
        rules = self._context.snapshot.listeners.get(self.listener)
        return self if rules is None or rules.https_port is None else HttpsRedirect(self, rules.https_port)

    def _go_on(self) -> None:
        context = self._context
        timeouts = context.snapshot.timeouts
        if self._is_blocked:
            self._deadline = context.now + timeouts.body
            self.pause_reading()
            return
        self._is_head_timed = self._reader.has_partial_head
        self._deadline = context.now + (timeouts.head if self._is_head_timed else timeouts.idle)
        if self._pending:
            if not self._is_starting:
                self._start_next()
        elif context.draining:
            self.output.send()
            self._close_in_time()
        elif self._is_paused:
            self.resume_reading()

    def _start_next(self) -> None:
        self._is_starting = True
        while self._pending and self._active is None and not self._is_blocked:
            incoming = self._pending.popleft()
            self._requests_left -= 1
            if self._requests_left <= 0:
                self._make_last(incoming)
            relay = Relay(self._context, self, incoming)
            self._active = relay
            relay.start()
        self._is_starting = False
        if self._is_paused and not self._pending and not self._is_blocked:
            self.resume_reading()

    def _make_last(self, incoming: Incoming) -> None:
        """Its answer says that the connection ends; what the client has sent behind it is not read."""
        incoming.keep_alive = False
        if incoming.is_complete:
            self._reader.is_closed = True  # otherwise the reader does so at the end of its body

    def _close(self, incoming: Incoming) -> None:
        self._pending.clear()
        self.output.send()
        if incoming.is_complete or self._transport.is_closing():
            self._close_in_time()
        else:
            self._linger()

    def _close_in_time(self) -> None:
        """Close once everything is sent; `check` does not wait for ever for a client that takes none of it."""
        self._deadline = self._context.now + self._context.snapshot.timeouts.body
        self._transport.close()

    def _linger(self) -> None:
        """Closing with unread bytes would reset the connection and destroy the answer (RFC 9112 §9.6)."""
        self._reader.is_closed = True
        self._is_lingering = True
        self._deadline = self._context.now + self._context.snapshot.timeouts.linger
        self.output.send()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self.resume_reading()

    def _let_others_read(self) -> None:
        """The event loop reads a busy socket many times over before it looks at the next: not one with tiny chunks."""
        if not (self._is_paused or self._is_yielding or self._transport.is_closing()):
            self._is_yielding = True  # apart from `_is_paused`: back-pressure may begin meanwhile, and must last
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_on)

    def _read_on(self) -> None:
        self._is_yielding = False
        if not self._is_paused and not self._transport.is_closing():
            self._transport.resume_reading()

    def _leave(self) -> None:
        self._pending.clear()
        self._reader.is_closed = True
        relay, self._active = self._active, None
        if relay is not None:
            relay.on_client_lost()

    def _turn_away(self, reason: Reason) -> None:
        admission = self._context.admission
        self.output.write(last_answer(503, "too-many-connections", "There are too many connections. Try again later."))
        if admission.may_linger(reason):
            self._is_turned_away = True
            admission.lingering += 1
            self._linger()
        else:
            self.output.send()
            self._close_in_time()
