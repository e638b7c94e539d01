"""The backend's half of an exchange: a connection, the request and its body out, the answer in, another try if safe."""

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from hotgate.edge.request_head import request_head
from hotgate.edge.stage import NEVER, Stage
from hotgate.http.headers import Field
from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.failure import UpstreamFailure, connect_timeout, head_timeout, read_timeout, total_timeout
from hotgate.upstream.sink import AnswerHead
from hotgate.upstream.target import TargetBusy
from hotgate.upstream.upstream import Upstream

if TYPE_CHECKING:
    from hotgate.edge.relay import Relay

_POOL_GRACE = 1.0  # seconds
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND", "SEARCH", "REPORT", "QUERY"})


class BackendLeg:
    """The pool's waiter and the connection's AnswerSink; tells the relay what came of it.

    method: of the request. is_over: the relay no longer wants an answer. is_done: it has all of it. answered_at:
    monotonic seconds, or -1.
    """

    __slots__ = (
        "_attempts",
        "_connection",
        "_is_fresh",
        "_relay",
        "_sent_at",
        "_was_reused",
        "answered_at",
        "is_done",
        "is_over",
        "method",
        "total_deadline",
        "upstream",
    )

    def __init__(self, relay: "Relay", upstream: Upstream) -> None:
        self._relay = relay
        self.upstream = upstream
        self.method = relay.exchange.request.method
        self.is_over = self.is_done = self._is_fresh = self._was_reused = False
        self.answered_at = -1.0
        self._sent_at = 0.0
        self._attempts = 0
        self._connection: UpstreamConnection | None = None
        total = upstream.timeouts.total
        self.total_deadline = NEVER if total is None else relay.context.now + total

    def start(self) -> None:
        """Ask the pool for a connection; the request goes out as soon as there is one."""
        relay = self._relay
        self._attempts += 1
        relay.stage = Stage.CONNECTION
        # The pool bounds the wait for a connection and the attempt to make one; this is for when it fails to.
        relay.deadline = relay.context.now + 2 * self.upstream.timeouts.connect + _POOL_GRACE
        try:
            connection = self.upstream.acquire(self, relay.context.now, fresh=self._is_fresh)
        except TargetBusy as busy:
            self.on_failure(busy.failure)
            return
        if connection is not None:
            self.on_connection(connection)

    def on_connection(self, connection: UpstreamConnection) -> None:
        """Send the request, or as much of it as there is."""
        relay = self._relay
        self._connection = connection
        self._was_reused = connection.was_reused
        if connection.was_reused:
            self.upstream.recorder.reuses += 1
        else:
            self.upstream.recorder.connects += 1
        self._sent_at = monotonic()
        exchange = relay.exchange
        keeps_host = self.upstream.preserve_host and exchange.request.authority
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
            relay.deadline = relay.context.now + self.upstream.timeouts.head
            return
        first = body.begin(self)
        connection.send_head(self, head + first, body.is_sent)
        if body.is_sent:
            self._relay.wait(Stage.ANSWER_HEAD, self.upstream.timeouts.head)
        else:
            self._relay.wait(Stage.CLIENT_BODY, relay.context.snapshot.timeouts.body)
            relay.downstream.resume_reading()

    def send_data(self, data: bytes) -> None:
        """More of the request's body, encoded; or tunnel bytes."""
        if self._connection is not None:
            self._connection.send_data(data)

    def finish_request(self, last: bytes) -> None:
        """The end of the request's body."""
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
                self._relay.wait(Stage.CLIENT_READS, relay.context.snapshot.timeouts.body)
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
        timeouts, name = self.upstream.timeouts, self.upstream.name
        if now >= self.total_deadline:
            failure = total_timeout(name, timeouts.total or 0.0)
        elif stage is Stage.CONNECTION:
            failure = connect_timeout(name, timeouts.connect)
        elif stage is Stage.ANSWER_HEAD:
            failure = head_timeout(name, timeouts.head)
        else:
            failure = read_timeout(name, timeouts.read)
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
        self._give_up(failure)

    # The connection calls these.

    def on_interim(self, status: int, fields: list[Field]) -> None:
        self._relay.on_interim(status, fields)

    def on_head(self, head: AnswerHead) -> None:
        self.answered_at = monotonic()
        self.upstream.recorder.attempt(self.answered_at - self._sent_at)
        if head.status in self.upstream.retry_on and self.method in _IDEMPOTENT and self._has_another_try():
            connection, self._connection = self._connection, None
            assert connection is not None
            connection.abort()
            self.start()
            return
        relay = self._relay
        if relay.stage is Stage.ANSWER_HEAD:
            relay.stage = Stage.ANSWER_BODY
            relay.deadline = relay.context.now + self.upstream.timeouts.read
        relay.on_answer_head(head)

    def on_data(self, data: bytes) -> None:
        relay = self._relay
        if relay.stage is Stage.ANSWER_BODY:
            relay.deadline = relay.context.now + self.upstream.timeouts.read
        elif relay.stage is Stage.TUNNEL:
            relay.tunnel.on_answer_data(data)
            return
        relay.on_answer_data(data)

    def on_end(self, trailers: Sequence[Field]) -> None:
        self._connection = None
        self.is_done = True
        if not self.is_over:
            self._relay.on_answer_end(trailers)

    def on_switched(self, head: AnswerHead) -> None:
        """101: from now on both connections carry bytes that are none of our business (RFC 9110 §7.8)."""
        self._relay.on_tunnel(head)

    def on_failure(self, failure: UpstreamFailure) -> None:
        self._connection = None
        if self.is_over:
            return
        self.upstream.recorder.failed(failure.kind)
        if not self._relay.is_answering and self._may_try_again(failure):
            self.start()
        else:
            self._give_up(failure)

    def on_upstream_blocked(self, blocked: bool) -> None:
        downstream = self._relay.downstream
        downstream.pause_reading() if blocked else downstream.resume_reading()

    def _give_up(self, failure: UpstreamFailure) -> None:
        self.is_over = True
        self._relay.on_backend_failed(failure)

    def _can_be_sent_again(self) -> bool:
        body = self._relay.body
        return body is None or not body.is_streaming

    def _has_another_try(self) -> bool:
        return self._attempts < self.upstream.attempts and self._can_be_sent_again()

    def _may_try_again(self, failure: UpstreamFailure) -> bool:
        """RFC 9110 §9.2.2: only what the backend cannot have acted upon, or may act upon twice."""
        if failure.is_safe_to_retry:
            return self.upstream.retries_connect and self._has_another_try()
        was_stale = failure.kind == "upstream-closed" and self._was_reused and not self._is_fresh
        if was_stale and self.method in _IDEMPOTENT and self._can_be_sent_again():
            self._is_fresh = True  # not another one that may be dead as well
            self._attempts -= 1
            return True
        return False
