"""Where a request's body goes: held until the backend is known (or whole, for a policy), then straight through."""

from typing import TYPE_CHECKING

from hotgate.edge import answers
from hotgate.edge.pace import Pace
from hotgate.edge.stage import Stage
from hotgate.http.headers import encode_fields
from hotgate.http.reserved import spelling
from hotgate.http.response import Response

if TYPE_CHECKING:
    from hotgate.edge.backend_leg import BackendLeg
    from hotgate.edge.relay import Relay

_MAX_HELD = 64 * 1024  # bytes held before the client is paused


class RequestBody:
    """The consumer of an incoming request's body. limit: bytes. backend: set when the body may be sent.

    is_streaming: part of it has been sent. is_sent: nothing of it remains to be sent. can_begin_again: all that was
    sent is still held, for another backend.
    """

    __slots__ = (
        "_held",
        "_incoming",
        "_is_collecting",
        "_is_gathering",
        "_max_kept",
        "_pace",
        "_relay",
        "backend",
        "can_begin_again",
        "is_sent",
        "is_streaming",
        "limit",
    )

    def __init__(self, relay: "Relay", limit: int) -> None:
        self._relay = relay
        self._incoming = incoming = relay.incoming
        self.limit = limit
        self.backend: BackendLeg | None = None
        self._held = incoming.take_buffer()  # one piece: a list of tiny chunks would cost many times their size
        self._pace: Pace | None = None  # most bodies are there before anybody looks
        self._is_collecting = self._is_gathering = self.is_streaming = self.is_sent = False
        self.can_begin_again = True
        self._max_kept = 0

    # The reader calls these.

    def on_request_data(self, data: bytes) -> None:
        """More of the body."""
        relay = self._relay
        if self._incoming.received > self.limit:
            relay.fail(answers.body_too_large(self.limit))
            return
        if self.is_streaming and self.backend is not None:
            self.backend.send_data(self._encoded(data))
            if self.can_begin_again:
                self._keep(data)
        else:
            self._hold(data)
        if self._is_gathering and self._incoming.received >= relay.context.snapshot.request_buffer:
            self._forward()
        elif relay.stage is Stage.CLIENT_BODY:
            relay.wait(Stage.CLIENT_BODY, relay.context.snapshot.timeouts.body)

    def on_request_end(self) -> None:
        """The body is complete."""
        if self._is_collecting:
            self._deliver()
        elif self._is_gathering:
            self._forward()
        elif self.is_streaming and self.backend is not None and not self.is_sent:
            self.backend.finish_request(self._end())

    def on_request_broken(self, refusal: Response) -> None:
        """The body is malformed."""
        self._relay.fail(refusal)

    # The relay and its backend's half call these.

    def collect(self, limit: int) -> None:
        """Have all of it, up to `limit`, for a policy: the relay goes on when it is there."""
        relay, incoming = self._relay, self._incoming
        self.limit = min(self.limit, limit)
        if max(incoming.received, incoming.length or 0) > self.limit:
            relay.respond(answers.body_too_large(self.limit))
            return
        self._is_collecting = True
        relay.downstream.resume_reading()
        relay.wait(Stage.CLIENT_BODY, relay.context.snapshot.timeouts.body)
        if incoming.is_complete:
            self._deliver()
        elif incoming.expects_continue:
            incoming.expects_continue = False
            relay.downstream.send_interim(100, [])

    def gather(self) -> bool:
        """Whether the backend must wait for more of it: a slow client must not occupy a connection that others need.

        A body of known length is no dialogue, so nobody waits for a reply to its beginning. The relay goes on when
        enough is there.
        """
        relay, incoming = self._relay, self._incoming
        if incoming.is_complete or incoming.length is None or incoming.expects_continue:
            return False
        if incoming.received >= relay.context.snapshot.request_buffer:
            return False
        self._is_gathering = True
        relay.downstream.resume_reading()
        relay.wait(Stage.CLIENT_BODY, relay.context.snapshot.timeouts.body)
        return True

    def is_too_slow(self, now: float) -> bool:
        """Whether the client sends below the minimum rate. Called by the tick while it is waited for."""
        if self._pace is None:
            self._pace = Pace(now)
        relay = self._relay
        timeouts = relay.context.snapshot.timeouts
        is_held = relay.downstream.is_paused
        return self._pace.is_too_slow(self._incoming.received, timeouts.body_rate, timeouts.grace, now, is_held=is_held)

    def begin(self, backend: "BackendLeg", max_kept: int) -> bytes:
        """The bytes to send right after the head; from now on the rest is sent as it comes.

        max_kept: bytes of what is sent that are held until `forget`, so that it can begin again.
        """
        self.backend = backend
        self.is_streaming = True
        self._max_kept = max_kept
        first = self._encoded(bytes(self._held))
        if len(self._held) > max_kept:
            self.forget()
        return first + self._end() if self._incoming.is_complete else first

    def stop(self) -> None:
        """Hold what comes, until another backend is there."""
        self.backend = None
        self.is_streaming = self.is_sent = False

    def forget(self) -> None:
        """There will be no other backend: what has been sent need not be held."""
        self.can_begin_again = False
        self._held = bytearray()

    def _keep(self, data: bytes) -> None:
        if len(self._held) + len(data) <= self._max_kept:
            self._held += data
        else:
            self.forget()

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > _MAX_HELD and not self._is_collecting:
            self._relay.downstream.pause_reading()

    def _forward(self) -> None:
        self._is_gathering = False
        self._relay.forward()

    def _deliver(self) -> None:
        self._is_collecting = False
        whole = bytes(self._held)
        self._held.clear()
        self._relay.on_body_collected(whole)

    def _encoded(self, data: bytes) -> bytes:
        """Body bytes in the framing that the backend was told (RFC 9112 §7.1)."""
        if not self._incoming.chunked or not data:
            return data
        return b"%x\r\n%b\r\n" % (len(data), data)

    def _end(self) -> bytes:
        """What ends the body on the wire."""
        self.is_sent = True
        if not self._incoming.chunked:
            return b""
        owned = self._relay.exchange.route.owned_fields
        trailers = [field for field in self._incoming.trailers if spelling(field[0]) not in owned]
        return b"0\r\n%b\r\n" % encode_fields(trailers)
