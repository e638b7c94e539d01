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
from hotgate.edge.incoming import Incoming
from hotgate.edge.pending_policy import ANY_FAILURE, PendingPolicy
from hotgate.edge.record import CLIENT_CLOSED, record
from hotgate.edge.request_body import Refused, RequestBody
from hotgate.edge.request_head import forwarding_of
from hotgate.edge.stage import NEVER, Stage
from hotgate.edge.tunnel import Tunnel
from hotgate.http.headers import Field, encode_fields
from hotgate.http.hop_by_hop import HOP_BY_HOP
from hotgate.http.problem import STATUS_LINES
from hotgate.http.response import Response
from hotgate.http.trace import trace_of, valid_request_id
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.pipeline.run import Suspended, run
from hotgate.upstream.failure import UpstreamFailure
from hotgate.upstream.sink import AnswerHead

if TYPE_CHECKING:
    from hotgate.edge.connection import ServerConnection

# Policies may set any field of an answer but those that frame it or name the request.
WRITTEN_HERE = HOP_BY_HOP | {b"content-length", b"x-request-id"}
_BACKEND_STAGES = (Stage.CONNECTION, Stage.ANSWER_HEAD, Stage.ANSWER_BODY, Stage.NEXT_TRY)


class Relay:
    """Between one client connection and one backend. `is_answering`: the head of the answer has been written."""

    __slots__ = (
        "_added",
        "_answer_head",
        "_backend",
        "_bytes_out",
        "_held",
        "_held_end",
        "_is_chunked",
        "_is_over",
        "_keep_alive",
        "_pending",
        "_skips_after",
        "_status",
        "_write",
        "body",
        "context",
        "deadline",
        "downstream",
        "exchange",
        "forwarded",
        "incoming",
        "is_answering",
        "path",
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
        self.body: RequestBody | None = None
        self.stage = Stage.POLICY
        self.deadline = NEVER
        self.is_answering = self._is_over = self._is_chunked = self._skips_after = False
        self._keep_alive = incoming.keep_alive
        self._status = CLIENT_CLOSED
        self._bytes_out = 0
        self._added = b""
        self._backend: BackendLeg | None = None
        self._pending: PendingPolicy | None = None
        self._answer_head: AnswerHead | None = None
        self._held: list[bytes] | None = None
        self._held_end: Sequence[Field] | None = None

    @property
    def version(self) -> str:
        """The client's version of HTTP."""
        return self.incoming.request.version

    # Down: route and pipeline.

    def start(self) -> None:
        """Begin. The exchange may be over when this returns."""
        incoming = self.incoming
        request = incoming.request
        snapshot = self.context.snapshot
        found = None if incoming.refusal is not None else snapshot.table.find(request)
        route, params = found or (snapshot.unmatched, {})
        client, self.forwarded = forwarding_of(incoming, self.downstream)
        self.trace = trace = trace_of(incoming.traceparent)
        given = incoming.request_id
        request_id = given.decode("ascii") if given and valid_request_id(given) else trace.trace_id
        self.exchange = Exchange(request, route, params, client, request_id, monotonic())
        if found is None:
            self._without_route()
        elif incoming.has_body and not self._begin_body(route):
            self.respond(answers.body_too_large(route.max_body))
        else:
            if route.body_step >= 0 and self.body is None:
                request.body = b""
            if incoming.upgrade:
                incoming.consumer = Tunnel(self)
            self._run(0)

    def _without_route(self) -> None:
        refusal = self.incoming.refusal
        if refusal is not None:
            self._keep_alive = False
            self.respond(refusal)
            return
        if self.path == "*":
            self.respond(answers.server_options())
            return
        allowed = self.context.snapshot.table.allowed_methods(self.incoming.request)
        self.respond(answers.method_not_allowed(allowed) if allowed else answers.not_found())

    def _begin_body(self, route: Route) -> bool:
        incoming = self.incoming
        if max(incoming.received, incoming.length or 0) > route.max_body:
            return False
        self.body = incoming.consumer = RequestBody(self, route.max_body)
        return True

    def _run(self, start: int) -> None:
        exchange = self.exchange
        route = exchange.route
        body_step = route.body_step
        needs_body = start <= body_step and self.body is not None and exchange.request.body is None
        try:
            outcome = run(route.before, exchange, start, body_step if needs_body else len(route.before))
            if exchange.answer_fields != ():
                self._added = encode_fields(exchange.answer_fields)
        except ANY_FAILURE as error:
            self.policy_failed(error)
            return
        if outcome is None:
            if needs_body and self.body is not None:
                self.body.collect(route.body_limit)
            elif self.body is None or not self.body.gather():
                self.forward()
        elif isinstance(outcome, Response):
            self.respond(outcome)
        else:
            self._await(outcome, self._run, self.respond)

    def forward(self) -> None:
        """Every step has let it pass: to the backend."""
        self._backend = BackendLeg(self, self.exchange.route.target)
        self._backend.start()

    def on_body_collected(self, whole: bytes) -> None:
        """A policy's wish for the whole body is fulfilled."""
        self.exchange.request.body = whole
        self._run(self.exchange.route.body_step)

    # Policies that wait, or fail.

    def _await(self, suspended: Suspended, go_on: Callable[[int], None], conclude: Callable[[Response], None]) -> None:
        self.wait(Stage.POLICY, self.context.snapshot.timeouts.policy)
        self._pending = PendingPolicy(suspended, go_on=go_on, conclude=conclude, fail=self.policy_failed)

    def _stop_waiting(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()

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
        self.exchange.answer_fields = ()
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
        exchange = self.exchange
        try:
            if exchange.route.after:
                self._answer_head = head
                exchange.response = response = Response.received(head.status, head.fields, head.encoded)
                response.add_fields(exchange.answer_fields)
                self._run_after(0)
            else:
                self._send_head(head, head.status, head.encoded + self._added)
        except Exception as error:  # noqa: BLE001  (a policy left what cannot be sent, whatever that is)
            self.policy_failed(error)

    def add_to_answer(self, field: Field) -> None:
        """One more field for the answer, besides those that policies want."""
        self.exchange.answer_fields += (field,)
        self._added += encode_fields((field,))

    def on_answer_data(self, data: bytes) -> None:
        """More of the answer's body, or of the tunnel."""
        if self._held is not None:
            self._held.append(data)
        elif not self._is_over:
            self._bytes_out += len(data)
            self._write(b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)

    def on_answer_end(self, trailers: Sequence[Field]) -> None:
        """The answer is complete; its connection is back in the pool or closed."""
        if self._held is not None:
            self._held_end = trailers
        elif not self._is_over:
            if self._is_chunked:
                self._write(b"0\r\n%b\r\n" % encode_fields(trailers))
            self._finish(keep_alive=self._keep_alive and self.incoming.is_complete)

    def on_tunnel(self, head: AnswerHead) -> None:
        """The backend agreed to switch protocols."""
        self.is_answering = True
        self._status = 101
        self._keep_alive = False
        self._write(b"%b%b\r\n" % (STATUS_LINES[101], head.encoded))
        assert self._backend is not None
        self.tunnel.open(self._backend)

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

    @property
    def tunnel(self) -> Tunnel:
        """What carries the bytes after a 101."""
        tunnel = self.incoming.consumer
        assert isinstance(tunnel, Tunnel)
        return tunnel

    def write_to_client(self, data: bytes) -> None:
        """Bytes of the tunnel."""
        self._bytes_out += len(data)
        self._write(data)

    def end_tunnel(self) -> None:
        """The client was told to go, and had time for it."""
        self._finish(keep_alive=False)

    def time_out_client(self) -> None:
        """The client, or a whole tunnel, has made no progress for too long."""
        self._end(code="client-timeout")
        self.downstream.abort()

    # Called by the client's connection.

    def drain(self) -> None:
        """The gateway goes down. Answers that are being sent go on; who listens without end is told."""
        if self.stage is Stage.TUNNEL:
            self.tunnel.drain()

    def on_client_blocked(self, blocked: bool) -> None:
        """The client reads slower than the backend sends."""
        if self._backend is not None and not self._is_over:
            self._backend.on_client_blocked(blocked)

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
        backend = self._backend
        if now >= self.deadline or (backend is not None and now >= backend.total_deadline):
            self.deadline = NEVER
            self._expire(now)
        elif self.stage is Stage.CLIENT_BODY and self.body is not None and self.body.is_too_slow(now):
            self.fail(answers.body_timeout())

    def _expire(self, now: float) -> None:
        stage, backend = self.stage, self._backend
        if stage is Stage.POLICY:
            self._skips_after = True
            self.respond(answers.policy_timeout())
        elif backend is not None and (now >= backend.total_deadline or self._waits_for_backend(stage)):
            backend.expire(stage, now)
        elif stage is Stage.TUNNEL:
            self.tunnel.expire(now)
        elif stage is Stage.CLIENT_BODY:
            self.fail(answers.body_timeout())
        else:
            self.time_out_client()

    def _waits_for_backend(self, stage: Stage) -> bool:
        """Whether it is the backend that is waited for: it may also be the one who does not take the client's body."""
        return stage in _BACKEND_STAGES or (stage is Stage.CLIENT_BODY and self.downstream.is_paused)

    # Answering.

    def respond(self, response: Response) -> None:
        """Answer from here, whatever the backend would have said."""
        if self._is_over:
            return
        self._stop_waiting()
        try:
            self._take(response)
            if self.exchange.route.after and not self._skips_after:
                self._run_after(0)
            else:
                self._send_taken()
        except Exception as error:  # noqa: BLE001  (a policy left what cannot be sent, whatever that is)
            self.policy_failed(error)

    def _replace(self, response: Response) -> None:
        """A response step answers instead: the steps behind it are not asked."""
        try:
            self._take(response)
            self._send_taken()
        except Exception as error:  # noqa: BLE001  (a policy left what cannot be sent, whatever that is)
            self.policy_failed(error)

    def _take(self, response: Response) -> None:
        """Let the backend go; this is the answer. A copy, for a policy may give the same one to every request."""
        self._answer_head = self._held = self._held_end = None
        if self._backend is not None:
            self._backend.abandon()
        if not self.incoming.is_complete:
            self.incoming.consumer = Refused(self.downstream)
        self.exchange.response = response = response.copy()
        response.add_fields(self.exchange.answer_fields)

    def _run_after(self, start: int) -> None:
        exchange = self.exchange
        after = exchange.route.after
        try:
            outcome = run(after, exchange, start, len(after))
        except ANY_FAILURE as error:
            self.policy_failed(error)
            return
        if isinstance(outcome, Suspended):
            self._hold()
            self._await(outcome, self._run_after, self._replace)
        elif outcome is not None:
            self._replace(outcome)
        elif self._answer_head is not None:
            self._send_changed(self._answer_head)
        else:
            self._send_taken()

    def _send_changed(self, head: AnswerHead) -> None:
        """The backend's answer as the policies left its head."""
        response = self.exchange.response
        assert response is not None
        has_body = response.status not in (204, 304)
        if response.status != head.status and self.exchange.request.method != "HEAD" and has_body != head.has_body:
            self._replace(Response(response.status, response.headers))  # the backend's framing fits no more
            return
        self._send_head(head, response.status, response.encoded_fields(WRITTEN_HERE))
        self._release()

    def _send_head(self, head: AnswerHead, status: int, fields: bytes) -> None:
        """The head of the backend's answer, as the policies left it, in a framing that this client understands."""
        framing = b""
        if head.length is not None:
            if status != 204:  # RFC 9110 §8.6
                framing = b"content-length: %d\r\n" % head.length
        elif head.has_body:
            if self.incoming.request.version == "1.0":
                self._keep_alive = False  # the end of the connection is the end of the body
            else:
                self._is_chunked = True
                framing = b"transfer-encoding: chunked\r\n"
        self._write_head(status, fields, framing)

    def _send_taken(self) -> None:
        """An answer that is wholly here."""
        response = self.exchange.response
        assert response is not None
        body = answers.body_of(response, self.exchange.request_id)
        framing = b"" if response.status in (204, 304) else b"content-length: %d\r\n" % len(body)
        fields = b"%bdate: %b\r\n" % (response.encoded_fields(WRITTEN_HERE), self.context.date)
        self._keep_alive = self._keep_alive and self.downstream.may_discard(self.incoming)
        self._write_head(response.status, fields, framing)
        if body and framing and self.exchange.request.method != "HEAD":
            self._bytes_out += len(body)
            self._write(body)
        self._finish(keep_alive=self._keep_alive, code=response.code, log_detail=response.log_detail)

    def _write_head(self, status: int, fields: bytes, framing: bytes) -> None:
        if self.context.draining:
            self._keep_alive = False
        if not self._keep_alive:
            framing += b"connection: close\r\n"
        elif self.incoming.request.version == "1.0":
            framing += b"connection: keep-alive\r\n"
        request_id = self.exchange.request_id.encode("ascii")
        self._write(b"%b%b%bx-request-id: %b\r\n\r\n" % (STATUS_LINES[status], fields, framing, request_id))
        self.is_answering = True
        self._status = status

    def _hold(self) -> None:
        if self._answer_head is not None and self._backend is not None:
            self._held = []
            self._backend.pause()

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is None or self._backend is None:
            return
        for data in held:
            self.on_answer_data(data)
        if self._held_end is not None:
            self.on_answer_end(self._held_end)
        else:
            self._backend.resume()

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
        backend, self._backend = self._backend, None  # no reference cycle is left for the garbage collector
        self.incoming.consumer = None
        if backend is not None and not backend.is_done:
            backend.abandon()
        record(self, self._status, code, log_detail, self._bytes_out, backend)
        for step in self.exchange.route.finish:
            try:
                step(self.exchange)
            except ANY_FAILURE as error:
                self.context.report_policy_failure(self.exchange, error)  # the answer is out: let the others run
