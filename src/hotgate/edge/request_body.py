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
        "_gathers_for",
        "_held",
        "_incoming",
        "_is_collecting",
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
        self._is_collecting = self.is_streaming = self.is_sent = False
        self._gathers_for = -1
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
        if self._gathers_for >= 0 and self._incoming.received >= relay.context.snapshot.request_buffer:
            self._go_on()
        elif relay.stage is Stage.CLIENT_BODY:
            relay.wait(Stage.CLIENT_BODY, relay.context.snapshot.timeouts.body)

    def on_request_end(self) -> None:
        """The body is complete."""
        if self._is_collecting:
            self._deliver()
        elif self._gathers_for >= 0:
            self._go_on()
        elif self.is_streaming and self.backend is not None and not self.is_sent:
            self.backend.finish_request(self._end())

    def on_request_broken(self, refusal: Response) -> None:
        """The body is malformed."""
        self._relay.fail(refusal)

    # The relay and its backend's half call these.

    def stop_behind(self, start: int) -> int:
        """The next step, from `start` on, that needs more of the body than there is; or how many steps there are."""
        exchange = self._relay.exchange
        route = exchange.route
        if start <= route.body_step and exchange.request.body is None:
            return route.body_step
        return route.place_step if start <= route.place_step and not self._is_begun else len(route.before)

    def wait_for(self, step: int) -> bool:
        """Let the relay go on at a step that `stop_behind` named, when there is enough. False: there is, for all of it.

        A slow client must not occupy a place or a connection that others need.
        """
        exchange = self._relay.exchange
        if step == exchange.route.body_step and exchange.request.body is None:
            self._collect(exchange.route.body_limit)
            return True
        if self._is_begun:
            return False
        self._gathers_for = step
        self._wait_for_client()
        return True

    @property
    def _is_begun(self) -> bool:
        """Whether enough of it is here. A body of unknown length may be a dialogue: its beginning may need a reply."""
        incoming = self._incoming
        if incoming.is_complete or incoming.length is None or incoming.expects_continue:
            return True
        return incoming.received >= self._relay.context.snapshot.request_buffer

    def _collect(self, limit: int) -> None:
        relay, incoming = self._relay, self._incoming
        self.limit = min(self.limit, limit)
        if max(incoming.received, incoming.length or 0) > self.limit:
            relay.respond(answers.body_too_large(self.limit))
            return
        self._is_collecting = True
        self._wait_for_client()
        if incoming.is_complete:
            self._deliver()
        elif incoming.expects_continue:
            incoming.expects_continue = False
            relay.downstream.send_interim(100, [])

    def _wait_for_client(self) -> None:
        relay = self._relay
        relay.downstream.resume_reading()
        relay.wait(Stage.CLIENT_BODY, relay.context.snapshot.timeouts.body)

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

    def _go_on(self) -> None:
        step, self._gathers_for = self._gathers_for, -1
        self._relay.run_from(step)

    def _deliver(self) -> None:
        self._is_collecting = False
        whole = bytes(self._held)
        self._held.clear()
        exchange = self._relay.exchange
        exchange.request.body = whole
        self._relay.run_from(exchange.route.body_step)

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
