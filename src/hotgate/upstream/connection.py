"""One connection to a backend, as an asyncio protocol: no tasks, no futures, callbacks straight to the exchange."""

import asyncio
import ssl
from typing import TYPE_CHECKING, cast

import httptools

from hotgate.upstream.answer_reader import AnswerReader, InvalidAnswer
from hotgate.upstream.failure import UpstreamFailure, closed_before_answer, cut_short, invalid_answer, tls_failed
from hotgate.upstream.outbox import Output
from hotgate.upstream.sink import AnswerSink

if TYPE_CHECKING:
    from hotgate.upstream.target import Target

_HIGH_WATER = 64 * 1024  # bytes queued towards a slow peer before the other side is paused


class UpstreamConnection(asyncio.Protocol):
    """Serves one exchange at a time. `target` owns it; while idle it sits in the target's pool.

    address: of its other end, numeric. idle_since, retires_at: coarse monotonic seconds. uses: exchanges so far,
    counted only where they are limited.
    """

    __slots__ = (
        "_has_ended",
        "_has_streamed",
        "_is_blocked",
        "_is_paused",
        "_is_request_sent",
        "_is_tunnel",
        "_output",
        "_reader",
        "_sink",
        "address",
        "idle_since",
        "is_active",
        "retires_at",
        "target",
        "transport",
        "uses",
        "was_reused",
    )

    def __init__(self, target: "Target") -> None:
        self.target = target
        self.was_reused = False
        self.is_active = False
        self.address = ""
        self.idle_since = self.retires_at = 0.0
        self.uses = 0
        self.transport: asyncio.Transport
        self._output: Output
        self._reader = AnswerReader(target.answer_limits)
        self._sink: AnswerSink | None = None
        self._is_request_sent = False
        self._has_streamed = False
        self._is_tunnel = False
        self._is_blocked = False
        self._is_paused = False
        self._has_ended = False

    # What an exchange calls.

    def send_head(self, sink: AnswerSink, head: bytes, is_complete: bool, upgrade: bytes = b"") -> None:
        """Send a request head, and its body if that is known already.

        is_complete: nothing more will follow. upgrade: the protocol that the request asks for.
        """
        self._sink = sink
        self._is_request_sent = is_complete
        self._reader.begin(sink, upgrade)
        self._output.write(head)

    def send_data(self, data: bytes) -> None:
        """Send encoded body bytes, or tunnel bytes after a 101."""
        self._has_streamed = True
        self._output.write(data)

    def finish_request(self) -> None:
        """The last byte of the request has been handed over."""
        self._is_request_sent = True

    def abort(self) -> None:
        """Give up: the exchange no longer wants the answer, and half of it must not reach the next one."""
        self._sink = None
        self._reader.forget_sink()
        self.target.discard(self)
        self.transport.abort()

    def pause(self) -> None:
        """Stop reading: the client is slower than the backend."""
        self._is_paused = True
        self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self._is_paused = False
        self.transport.resume_reading()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but ancestry
        self.transport.set_write_buffer_limits(high=_HIGH_WATER)
        peer = self.transport.get_extra_info("peername")  # None if it is closed again already
        self.address = peer[0] if peer else ""
        self._output = Output(self.transport, self.target.outbox)

    def data_received(self, data: bytes) -> None:
        sink = self._sink
        if sink is None:
            self.transport.abort()  # bytes nobody asked for: they could only poison the next answer
            return
        if self._is_tunnel:
            sink.on_data(data)
            return
        reader = self._reader
        try:
            rest = reader.feed(data)
        except (InvalidAnswer, httptools.HttpParserError) as error:
            self._fail(invalid_answer(self.target.name, str(error)))
            return
        if self._sink is not sink:
            return  # the exchange gave up in the middle of what was read
        if reader.is_done:
            self._finish(sink)
        elif reader.switched is not None:
            self._switch(sink, rest)

    def eof_received(self) -> bool:
        # In TLS this is close_notify: a connection that merely ends may have been cut by anybody (RFC 9112 §9.8).
        self._has_ended = True
        return False  # close; connection_lost decides what that means

    def connection_lost(self, exc: Exception | None) -> None:
        self.target.discard(self)
        if self._sink is not None:
            self._conclude(self._sink, exc)
        self._reader.release()

    def _conclude(self, sink: AnswerSink, exc: Exception | None) -> None:
        """The connection has ended while an answer, or more of it, was expected."""
        if self._is_tunnel or (exc is None and self._has_ended and self._reader.eof()):
            self._sink = None
            sink.on_end(())
        elif self._reader.started:
            self._fail(cut_short(self.target.name))
        elif isinstance(exc, ssl.SSLError):
            # In TLS 1.3 a refused client certificate shows only now (RFC 8446 §4.4.2.4).
            self._fail(tls_failed(self.target.name, str(exc)))
        else:
            # Of a request in pieces the first may have left long ago; a connection that ever had one is not asked.
            unsent = self._output.is_unsent and self._is_request_sent and not self._has_streamed
            self._fail(closed_before_answer(self.target.name, reused=self.was_reused, unsent=unsent))

    def pause_writing(self) -> None:
        self._is_blocked = True
        if self._sink is not None:
            self._sink.on_upstream_blocked(True)

    def resume_writing(self) -> None:
        self._is_blocked = False
        if self._sink is not None:
            self._sink.on_upstream_blocked(False)

    def _finish(self, sink: AnswerSink) -> None:
        reader = self._reader
        self._sink = None
        reader.forget_sink()  # while it is idle it must not keep what belongs to its last client
        if self._is_paused and not self.transport.is_closing():
            self.resume()  # whoever gets the connection next must be able to read
        if reader.keep_alive and self._is_request_sent and not reader.has_excess and not self._is_blocked:
            self.target.release(self)
        else:
            self.target.discard(self)
            self.transport.abort()
        sink.on_end(reader.trailers if reader.has_trailers else ())

    def _switch(self, sink: AnswerSink, rest: bytes) -> None:
        assert self._reader.switched is not None
        self._is_tunnel = True
        sink.on_switched(self._reader.switched)
        if rest:
            sink.on_data(rest)

    def _fail(self, failure: UpstreamFailure) -> None:
        sink, self._sink = self._sink, None
        self.target.discard(self)
        self.transport.abort()
        if sink is not None:
            if self._reader.started or not self.was_reused:  # a kept connection may have died of old age
                self.target.circuit.failed(failure.kind)
            sink.on_failure(failure)
