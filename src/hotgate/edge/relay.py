"""One exchange, once down and once up: route, pipeline, backend, answer, record.

Everything happens in callbacks of the two connections; a task exists only while a policy waits. The backend's half is
in `backend_leg.py`. `stage` says what the exchange waits for, and the tick compares `deadline` with the clock.
"""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from hotgate.edge import answers
from hotgate.edge.backend_leg import BackendLeg
from hotgate.edge.context import EdgeContext
from hotgate.edge.copied_body import body_of
from hotgate.edge.deadline import expire
from hotgate.edge.discarded_body import UnwantedBody
from hotgate.edge.incoming import Incoming
from hotgate.edge.pending_policy import ANY_FAILURE, PendingPolicy
from hotgate.edge.record import CLIENT_CLOSED, finish, record
from hotgate.edge.request_body import RequestBody
from hotgate.edge.request_head import certificate_of, forwarding_of
from hotgate.edge.response_steps import ResponseSteps
from hotgate.edge.shed import shed
from hotgate.edge.stage import NEVER, Stage
from hotgate.edge.tunnel import Tunnel, tunnel_of
from hotgate.http.headers import Field, encode_fields
from hotgate.http.hop_by_hop import ANSWER_FRAME
from hotgate.http.problem import STATUS_LINES
from hotgate.http.response import Response
from hotgate.http.trace import trace_of, valid_request_id
from hotgate.pipeline.exchange import SWITCHED, Exchange
from hotgate.pipeline.run import Suspended, run
from hotgate.upstream.failure import UpstreamFailure
from hotgate.upstream.sink import AnswerHead

if TYPE_CHECKING:
    from hotgate.edge.connection import ServerConnection

_FRAME_AND_DATE = ANSWER_FRAME | {b"date"}  # the backend's is that of the answer it gave


class Relay:
    """Between one client connection and one backend. is_answering: the head of the answer has been written.

    backend: its half of the exchange, once every step has let the request pass. refusal: what is answered late.
    """

    __slots__ = (
        "_bytes_out",
        "_is_chunked",
        "_is_over",
        "_keep_alive",
        "_pending",
        "_skips_after",
        "_status",
        "_steps",
        "_write",
        "backend",
        "body",
        "context",
        "deadline",
        "downstream",
        "exchange",
        "forwarded",
        "incoming",
        "is_answering",
        "path",
        "refusal",
        "stage",
        "trace",
    )

    def __init__(self, context: EdgeContext, downstream: "ServerConnection", incoming: Incoming) -> None:
        self.context = context
        self.downstream = downstream
        self._write = downstream.output.write
        self.incoming = incoming
        self.path = incoming.request.path  # as the client asked: policies may change that of the request
        self.exchange: Exchange
        self.refusal: Response
        self.body: RequestBody | None = None
        self.stage = Stage.POLICY
        self.deadline = NEVER
        self.is_answering = self._is_over = self._is_chunked = self._skips_after = False
        self._keep_alive = incoming.keep_alive
        self._status, self._bytes_out = CLIENT_CLOSED, 0
        self.backend: BackendLeg | None = None
        self._steps: ResponseSteps | None = None
        self._pending: PendingPolicy | None = None

    # Down: route and pipeline.

    def start(self) -> None:
        """Begin. The exchange may be over when this returns."""
        incoming = self.incoming
        request = incoming.request
        snapshot = self.context.snapshot
        found = None if incoming.refusal is not None else snapshot.table.find(request)
        route, params = found or (snapshot.unmatched, {})
        downstream = self.downstream
        client, self.forwarded = forwarding_of(incoming, downstream)
        certificate = certificate_of(incoming, downstream) if incoming.forwarding else downstream.certificate
        self.trace = trace = trace_of(incoming.traceparent)
        given = incoming.request_id
        request_id = given.decode("ascii") if given and valid_request_id(given) else trace.trace_id
        self.exchange = exchange = Exchange(
            request, route, params, client, request_id, monotonic(), certificate=certificate
        )
        if route.after:
            self._steps = ResponseSteps(self)
        if found is None:
            self._keep_alive = self._keep_alive and incoming.refusal is None
            self.respond(incoming.refusal or answers.unrouted(request, snapshot.table))
        elif incoming.has_body and max(incoming.received, incoming.length or 0) > route.max_body:
            self.respond(answers.body_too_large(route.max_body))
        elif self.context.shedding is not None and (refusal := self.context.shedding.before_caller_is_known(exchange)):
            shed(self, refusal)
        else:
            if incoming.has_body:
                self.body = incoming.consumer = body_of(self)
            if route.body_step >= 0 and self.body is None:
                request.body = b""
            if incoming.upgrade:
                incoming.consumer = Tunnel(self)
            self.run_from(0)

    def run_from(self, start: int) -> None:
        """Ask the steps from `start` on, as far as what is here of the body allows."""
        exchange = self.exchange
        before = exchange.route.before
        body = self.body
        stop = len(before) if body is None else body.stop_behind(start)
        try:
            outcome = run(before, exchange, start, stop)
        except ANY_FAILURE as error:
            self.policy_failed(error)
            return
        if outcome is None:
            if body is None or not body.wait_for(stop):
                self.forward()
        elif isinstance(outcome, Response):
            self.respond(outcome)
        else:
            self.wait_for_policy(outcome, self.run_from, self.respond)

    def forward(self) -> None:
        """Every step has let it pass: to the backend."""
        self.backend = BackendLeg(self, self.exchange.route.target)
        self.backend.start()

    # Policies that wait, or fail.

    def wait_for_policy(
        self, suspended: Suspended, go_on: Callable[[int], None], conclude: Callable[[Response], None]
    ) -> None:
        """A step has returned an awaitable: go on with the next one, or conclude with what it answers."""
        self.wait(Stage.POLICY, self.context.snapshot.timeouts.policy)
        self._pending = PendingPolicy(suspended, go_on=go_on, conclude=conclude, fail=self.policy_failed)

    def _stop_waiting(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()

    def time_out_policy(self) -> None:
        """A step has waited for too long: denied."""
        self._skips_after = True
        self.respond(answers.policy_timeout())

    def policy_failed(self, error: BaseException) -> None:
        """A policy raised, or left what cannot be sent: denied."""
        if self._is_over:
            return
        self.context.report_policy_failure(self.exchange, error)
        if self.is_answering or self._skips_after:
            self._end(code="policy-failed")
            self.downstream.abort()
            return
        self._skips_after = True  # the answer to a failed response step must not run the steps again
        self.exchange.answer_block = b""
        self.respond(answers.policy_failed(error))

    # Up: called by the backend's half.

    def on_interim(self, status: int, fields: list[Field]) -> None:
        """100 and 103 are passed on; a client waits for 100 only if it asked."""
        if self.is_answering or (status == 100 and not self.incoming.expects_continue):
            return
        if status == 100:
            self.incoming.expects_continue = False  # another try does not ask again: the body is on its way
        self.downstream.send_interim(status, fields)

    def on_answer_head(self, head: AnswerHead) -> None:
        """The head of the backend's answer."""
        try:
            if self._steps is not None:
                self._steps.on_answer_head(head)
            else:
                fields = head.encoded + self.exchange.answer_block
                self._write_head(head.status, fields, head.framing or self._framing(head))
        except Exception as error:  # noqa: BLE001  (a policy left what cannot be sent, whatever that is)
            self.policy_failed(error)

    def on_answer_data(self, data: bytes) -> None:
        """More of the answer's body, or of the tunnel."""
        if self._steps is not None and self._steps.is_holding:
            self._steps.hold(data)
        elif not self._is_over:
            self._bytes_out += len(data)
            self._write(b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)

    def on_answer_end(self, trailers: Sequence[Field]) -> None:
        """The answer is complete; its connection is back in the pool or closed."""
        if self._steps is not None and self._steps.is_holding:
            self._steps.hold_end(trailers)
        elif not self._is_over:
            if self._is_chunked:
                self._write(b"0\r\n%b\r\n" % encode_fields(trailers))
            self._finish(keep_alive=self._keep_alive and self.incoming.is_complete)

    def on_tunnel(self, head: AnswerHead) -> None:
        """The backend agreed to switch protocols."""
        self.is_answering, self._keep_alive, self._status = True, False, 101
        self.exchange.state[SWITCHED] = True
        self._write(b"%b%b%b\r\n" % (STATUS_LINES[101], head.encoded, self.exchange.answer_block))
        assert self.backend is not None
        tunnel_of(self.incoming).open(self.backend)

    def on_backend_failed(self, failure: UpstreamFailure) -> None:
        """There is no answer, or no more of it."""
        if self._is_over:
            return
        if self.is_answering:
            # Break the framing visibly; a short answer must never look complete.
            self._end(code=failure.kind, log_detail=failure.log_detail)
            self.downstream.cut()
        else:
            self.respond(answers.upstream_failed(failure))

    # Called by the tunnel.

    def time_out_client(self) -> None:
        """The client, or a whole tunnel, has made no progress for too long."""
        self._end(code="client-timeout")
        self.downstream.abort()

    # Called by the client's connection.

    def drain(self) -> None:
        """The gateway goes down. Answers that are being sent go on; who listens without end is told."""
        if self.stage is Stage.TUNNEL:
            tunnel_of(self.incoming).drain()

    def on_client_blocked(self, blocked: bool) -> None:
        """The client reads slower than the backend sends."""
        if self.backend is not None and not self._is_over:
            self.backend.on_client_blocked(blocked)

    def on_client_lost(self) -> None:
        """The client has left: so does its request."""
        if not self._is_over:
            is_tunnel = self.stage is Stage.TUNNEL
            self._status = 101 if is_tunnel else CLIENT_CLOSED
            self._end(code="" if is_tunnel else "client-closed")

    def wait(self, stage: Stage, seconds: float) -> None:
        """What is waited for now, and how long."""
        self.stage = stage
        self.deadline = self.context.now + seconds

    def check(self, now: float) -> None:
        """Act on a deadline that has passed. Called by the tick."""
        backend = self.backend
        if now >= self.deadline or (backend is not None and now >= backend.total_deadline):
            self.deadline = NEVER
            expire(self, now)
        elif self.stage is Stage.CLIENT_BODY and self.body is not None and self.body.is_too_slow(now):
            self.fail(answers.body_timeout())

    # Answering.

    def respond(self, response: Response) -> None:
        """Answer from here, whatever the backend would have said."""
        if not self._is_over:
            self._stop_waiting()
            self._answer(response, None if self._skips_after else self._steps)

    def replace(self, response: Response) -> None:
        """A response step answers instead: the steps behind it are not asked."""
        self._answer(response, None)

    def _answer(self, response: Response, steps: ResponseSteps | None) -> None:
        try:
            self._take(response)
            if steps is not None:
                steps.run(0)
            else:
                self.send_taken()
        except Exception as error:  # noqa: BLE001  (a policy left what cannot be sent, whatever that is)
            self.policy_failed(error)

    def _take(self, response: Response) -> None:
        """Let the backend go; this is the answer. A copy, for a policy may give the same one to every request."""
        if self._steps is not None:
            self._steps.forget()
        if self.backend is not None:
            self.backend.abandon()
        if not self.incoming.is_complete:
            self.incoming.consumer = UnwantedBody(self.downstream)
        exchange = self.exchange
        before = exchange.response
        # A policy may keep the fields for another answer.
        has_block = isinstance(before, Response) and response.headers.fields is before.headers.fields
        exchange.response = response = response.copy()
        if not has_block:
            response.add_encoded(exchange.answer_block)
        if exchange.route.challenge_parameter:
            response.extend_challenges(exchange.route.challenge_parameter)

    def send_head(self, head: AnswerHead, response: Response) -> None:
        """The head of the backend's answer as the policies left it: `response`."""
        framing = b"" if response.status == 204 else head.framing or self._framing(head)
        self._write_head(response.status, response.encoded_fields(ANSWER_FRAME), framing)

    def _framing(self, head: AnswerHead) -> bytes:
        """How this client is told where a body ends whose length the backend has not said."""
        if not head.has_body:
            return b""
        if self.incoming.request.version == "1.0":
            self._keep_alive = False  # the end of the connection is the end of the body
            return b""
        self._is_chunked = True
        return b"transfer-encoding: chunked\r\n"

    def send_taken(self) -> None:
        """An answer that is wholly here."""
        response = self.exchange.response
        assert response is not None
        body = answers.body_of(response, self.exchange.request_id)
        framing = b"" if response.status in (204, 304) else b"content-length: %d\r\n" % len(body)
        fields = b"%bdate: %b\r\n" % (response.encoded_fields(_FRAME_AND_DATE), self.context.date)
        self._keep_alive = self._keep_alive and self.downstream.may_discard(self.incoming)
        self._write_head(response.status, fields, framing)
        if body and framing and self.exchange.request.method != "HEAD":
            self._bytes_out += len(body)
            self._write(body)
        self._finish(keep_alive=self._keep_alive, code=response.code, log_detail=response.log_detail)

    def _write_head(self, status: int, fields: bytes, framing: bytes) -> None:
        if self.context.ends_connections:
            self._keep_alive = False
        if not self._keep_alive:
            framing += b"connection: close\r\n"
        elif self.incoming.request.version == "1.0":
            framing += b"connection: keep-alive\r\n"
        request_id = self.exchange.request_id.encode("ascii")
        self._write(b"%b%b%bx-request-id: %b\r\n\r\n" % (STATUS_LINES[status], fields, framing, request_id))
        self.is_answering = True
        self._status = status

    # Ending.

    def fail(self, refusal: Response) -> None:
        """The client broke a rule in the middle of its body."""
        if self._is_over:
            return
        self._keep_alive = False
        if self.is_answering:
            self._end(code=refusal.code)
            self.downstream.cut()
        else:
            self.respond(refusal)

    def _finish(self, *, keep_alive: bool, code: str = "", log_detail: str = "") -> None:
        self._end(code=code, log_detail=log_detail)
        self.downstream.on_exchange_over(self.incoming, keep_alive=keep_alive)

    def _end(self, *, code: str, log_detail: str = "") -> None:
        """Nothing more is sent from here on. Records the exchange, once."""
        self._is_over = True
        self._stop_waiting()
        backend, self.backend = self.backend, None  # no reference cycle is left for the garbage collector
        self.incoming.consumer = None
        if backend is not None and not backend.is_done:
            backend.abandon()
        record(self, self._status, code, log_detail, self._bytes_out, backend)
        if self.exchange.route.finish:
            finish(self)
        self.body = self._steps = None  # as the backend: they know this relay
