"""The backend's half of an exchange: a connection, the request and its body out, the answer in, another try if safe."""

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from hotgate.edge.attempts import STALE, reason_after_failure, reason_after_status
from hotgate.edge.client_addresses import client_addresses
from hotgate.edge.request_body import RequestBody
from hotgate.edge.request_head import request_head
from hotgate.edge.stage import NEVER, Stage
from hotgate.edge.tunnel import tunnel_of
from hotgate.http.headers import Field
from hotgate.pipeline.caller_key import caller_key
from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.failure import (
    UpstreamFailure,
    connect_timeout,
    head_timeout,
    read_timeout,
    too_many_uploads,
    total_timeout,
)
from hotgate.upstream.proxy_header import ClientAddresses
from hotgate.upstream.sink import AnswerHead
from hotgate.upstream.target import TargetBusy
from hotgate.upstream.upstream import Upstream

if TYPE_CHECKING:
    from hotgate.edge.relay import Relay

_POOL_GRACE = 1.0  # seconds
_OVERLOADED = frozenset({503, 504})  # a backend that says that it has too much to do; 429 is about one caller


class BackendLeg:
    """The pool's waiter and the connection's AnswerSink; tells the relay what came of it.

    method: of the request. is_over: the relay no longer wants an answer. is_done: it has all of it. answered_at:
    monotonic seconds, or -1. attempts: tries that count, this one included. was_reused: this one is on a kept
    connection. is_fresh: it must not be.
    """

    __slots__ = (
        "_connection",
        "_is_upload",
        "_relay",
        "_sent_at",
        "_tried",
        "_waited_for_client",
        "answered_at",
        "attempts",
        "is_done",
        "is_fresh",
        "is_over",
        "method",
        "total_deadline",
        "upstream",
        "was_reused",
    )

    def __init__(self, relay: "Relay", upstream: Upstream) -> None:
        self._relay = relay
        self.upstream = upstream
        self.method = relay.exchange.request.method
        self.is_over = self.is_done = self.is_fresh = self.was_reused = self._is_upload = False
        self._waited_for_client = False
        self.answered_at = -1.0
        self._sent_at: float
        self.attempts = 1
        self._tried: tuple[str, ...] = ()
        self._connection: UpstreamConnection | None = None
        total = upstream.timeouts.total
        self.total_deadline = NEVER if total is None else relay.context.now + total

    @property
    def body(self) -> RequestBody | None:
        """The request's body, unless there is none."""
        return self._relay.body

    @property
    def client_addresses(self) -> ClientAddresses:
        """For targets that want to know them."""
        return client_addresses(self._relay)

    def start(self) -> None:
        """Ask the pool for a connection; the request goes out as soon as there is one."""
        relay = self._relay
        upstream = self.upstream
        now = relay.context.now
        if relay.body is not None and not relay.incoming.is_complete and not self._begin_upload():
            self.on_failure(too_many_uploads(upstream.name))
            return
        try:
            if self._tried:
                connection = upstream.acquire_other(self, relay.exchange, now, self._tried, fresh=self.is_fresh)
            else:
                connection = upstream.acquire(self, relay.exchange, now, fresh=self.is_fresh)
        except TargetBusy as busy:
            self.on_failure(busy.failure)
            return
        if connection is not None:
            self.on_connection(connection)
        else:
            # The pool bounds the wait for a connection and the attempt to make one; this is for when it fails to.
            relay.wait(Stage.CONNECTION, 2 * upstream.timeouts.connect + _POOL_GRACE)

    def on_connection(self, connection: UpstreamConnection) -> None:
        """Send the request, or as much of it as there is."""
        relay = self._relay
        self._connection = connection
        self.was_reused = reused = connection.was_reused
        upstream = self.upstream
        if reused:
            upstream.recorder.reuses += 1
        else:
            upstream.recorder.connects += 1
        self._sent_at = monotonic()
        exchange = relay.exchange
        keeps_host = upstream.preserve_host and exchange.request.authority
        host = b"" if keeps_host else connection.target.authority
        try:
            head = request_head(exchange, relay.incoming, relay.forwarded, relay.trace, host)
            whole = exchange.request.body
            if whole:
                head += whole
        except Exception as error:  # noqa: BLE001  (a policy left what cannot be written: denied, whatever it is)
            self._connection = None
            connection.target.release(connection)
            relay.policy_failed(error)
            return
        body = relay.body
        if body is None or whole is not None:
            connection.send_head(self, head, True, relay.incoming.upgrade)
            relay.stage = Stage.ANSWER_HEAD
            relay.deadline = relay.context.now + upstream.timeouts.head
            return
        first = body.begin(self, upstream.retries.max_body)
        connection.send_head(self, head + first, body.is_sent)
        if body.is_sent:
            self._end_upload()
            relay.wait(Stage.ANSWER_HEAD, upstream.timeouts.head)
        else:
            relay.wait(Stage.CLIENT_BODY, relay.context.snapshot.timeouts.body)
            relay.downstream.resume_reading()

    def send_data(self, data: bytes) -> None:
        """More of the request's body, encoded; or tunnel bytes."""
        if self._connection is not None:
            self._connection.send_data(data)

    def finish_request(self, last: bytes) -> None:
        """The end of the request's body."""
        self._end_upload()
        if self._connection is None:
            return
        if last:
            self._connection.send_data(last)
        self._connection.finish_request()
        if self._relay.stage is not Stage.CLIENT_BODY:
            return
        if self.answered_at > 0:
            self._relay.wait(Stage.ANSWER_BODY, self.upstream.timeouts.read)
        else:
            self._relay.wait(Stage.ANSWER_HEAD, self.upstream.timeouts.head)

    def abandon(self) -> None:
        """The answer is no longer wanted; half of it must not reach anybody."""
        self.is_over = True
        self._end_upload()
        connection = self._connection
        if connection is not None:
            self._connection = None
            connection.abort()

    def on_client_blocked(self, blocked: bool) -> None:
        """The client reads slower than the backend sends."""
        relay = self._relay
        if self._connection is None:
            return
        if blocked:
            self._connection.pause()
            if relay.stage is Stage.ANSWER_BODY:
                relay.stage, relay.deadline = Stage.CLIENT_READS, NEVER  # the connection watches how it reads
        else:
            self._connection.resume()
            if relay.stage is Stage.CLIENT_READS:
                self._relay.wait(Stage.ANSWER_BODY, self.upstream.timeouts.read)

    def pause(self) -> None:
        """Stop the answer while a policy decides about its head."""
        if self._connection is not None:
            self._connection.pause()

    def resume(self) -> None:
        """Let the answer flow again."""
        if self._connection is not None:
            self._relay.wait(Stage.ANSWER_BODY, self.upstream.timeouts.read)
            self._connection.resume()

    def expire(self, stage: Stage, now: float) -> None:
        """A deadline that is the backend's to keep has passed."""
        if stage is Stage.NEXT_TRY and now < self.total_deadline:
            self.start()
            return
        timeouts, connection = self.upstream.timeouts, self._connection
        name = self.upstream.name if connection is None else connection.target.name
        if connection is not None:
            if stage is Stage.ANSWER_HEAD:
                connection.target.circuit.failed("no answer in time")
                self._note_time(monotonic(), is_overloaded=True)
            connection.abort()
        if now >= self.total_deadline:
            self._give_up(total_timeout(name, timeouts.total or 0.0))
        elif stage is Stage.CONNECTION:
            self._give_up(connect_timeout(name, timeouts.connect))
        elif stage is Stage.ANSWER_HEAD:
            self.on_failure(head_timeout(name, timeouts.head))
        else:
            self._give_up(read_timeout(name, timeouts.read))

    # The connection calls these.

    def on_interim(self, status: int, fields: list[Field]) -> None:
        self._relay.on_interim(status, fields)

    def on_head(self, head: AnswerHead) -> None:
        upstream = self.upstream
        self.answered_at = monotonic()
        connection = self._connection
        assert connection is not None
        circuit = connection.target.circuit
        if head.status >= circuit.notices_from:
            circuit.answered(head.status)
        upstream.recorder.attempt(self.answered_at - self._sent_at)
        if upstream.judges_answers and self._is_refused(head):
            return
        relay = self._relay
        if relay.body is not None:
            relay.body.forget()
        if relay.stage is Stage.ANSWER_HEAD:
            relay.stage = Stage.ANSWER_BODY
            relay.deadline = relay.context.now + upstream.timeouts.read
        relay.on_answer_head(head)

    def on_data(self, data: bytes) -> None:
        relay = self._relay
        if relay.stage is Stage.ANSWER_BODY:
            relay.deadline = relay.context.now + self.upstream.timeouts.read
        elif relay.stage is Stage.TUNNEL:
            tunnel_of(relay.incoming).on_answer_data(data)
            return
        relay.on_answer_data(data)

    def on_end(self, trailers: Sequence[Field]) -> None:
        self._connection = None
        self.is_done = True
        if self._is_upload:
            self._end_upload()
        if not self.is_over:
            self._relay.on_answer_end(trailers)

    def on_switched(self, head: AnswerHead) -> None:
        """101: from now on both connections carry bytes that are none of our business (RFC 9110 §7.8)."""
        self.total_deadline = NEVER  # it bounds an answer; a tunnel has a bound of its own
        if self._connection is not None:
            self._connection.target.circuit.answered(101)
        self._relay.on_tunnel(head)

    def on_failure(self, failure: UpstreamFailure) -> None:
        self._connection = None
        if self.is_over:
            return
        self.upstream.recorder.failed(failure.kind)
        reason = "" if self._relay.is_answering else reason_after_failure(self, failure)
        if reason:
            self._try_again(reason, failure.target)
        else:
            self._give_up(failure)

    def on_upstream_blocked(self, blocked: bool) -> None:
        downstream = self._relay.downstream
        downstream.pause_reading() if blocked else downstream.resume_reading()

    def _begin_upload(self) -> bool:
        """Count an exchange whose client has not sent all of its body; False if there are enough of them."""
        upstream = self.upstream
        if not self._is_upload:
            if upstream.uploads >= upstream.max_uploads:
                return False
            upstream.uploads += 1
            self._is_upload = self._waited_for_client = True
        return True

    def _end_upload(self) -> None:
        if self._is_upload:
            self._is_upload = False
            self.upstream.uploads -= 1

    def _give_up(self, failure: UpstreamFailure) -> None:
        self.is_over = True
        self._end_upload()
        self._relay.on_backend_failed(failure)

    def _is_refused(self, head: AnswerHead) -> bool:
        """Whether another try is made instead of passing this answer on; if not, the client may get a cookie."""
        connection = self._connection
        assert connection is not None
        self._note_time(self.answered_at, is_overloaded=head.status in _OVERLOADED)
        reason = reason_after_status(self, head.status)
        if reason:
            connection.abort()
            self._try_again(reason, connection.target.name)
            return True
        sticky = self.upstream.sticky
        cookie = sticky.new_cookie(self._relay.exchange, connection.target) if sticky is not None else None
        if cookie is not None:
            self._relay.exchange.add_answer_fields(cookie)
        return False

    def _note_time(self, until: float, *, is_overloaded: bool) -> None:
        """How long the backend took, if its places follow from that; not when a client's slowness is in it."""
        places = self.upstream.places
        if places is not None and places.adaptive is not None and not self._waited_for_client:
            caller = caller_key(self._relay.exchange)
            places.adaptive.answered(caller, until - self._sent_at, is_overloaded=is_overloaded)

    def _try_again(self, reason: str, failed: str) -> None:
        """At once if there is another target; the same one is left alone until the next tick (as HAProxy does)."""
        relay = self._relay
        self._connection = None
        self.answered_at = -1.0
        self.upstream.recorder.retried(reason)
        if relay.body is not None:
            relay.body.stop()
        if reason == STALE:
            self.is_fresh = True  # not another one that may be dead as well
            self.start()
            return
        self.attempts += 1
        self._tried += (failed,)
        if self.upstream.has_other(self._tried):
            self.start()
        else:
            relay.wait(Stage.NEXT_TRY, 0.0)
