"""A request of the gateway's own to an upstream, beside the exchange that needs it: to ask, or to show a copy.

It uses the upstream's pools, balance, TLS, health and breaker, as every exchange does. It costs a future and a timer;
whoever can have the answer already keeps it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from hotgate.http.headers import Field, joined_lines
from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.failure import UpstreamFailure, head_timeout, invalid_answer
from hotgate.upstream.proxy_header import ClientAddresses
from hotgate.upstream.sink import AnswerHead
from hotgate.upstream.target import TargetBusy
from hotgate.upstream.upstream import Upstream

if TYPE_CHECKING:
    from hotgate.pipeline.exchange import Exchange

_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"host", b"connection", b"upgrade", b"te", b"trailer"})


@dataclass(frozen=True, slots=True)
class SideRequest:
    """target: origin form, path and query. fields: lower-case names; framing and Host are written here.

    timeout: seconds for everything. max_answer: bytes of the answer's body. keeps_answer: whether the body is kept, or
    read and forgotten. is_repeatable: whether it may be sent once more when a kept connection turns out to be dead.
    """

    method: str
    target: bytes
    fields: Sequence[Field] = ()
    body: bytes = b""
    timeout: float = 1.0
    max_answer: int = 64 * 1024
    keeps_answer: bool = True
    is_repeatable: bool = True


@dataclass(frozen=True, slots=True)
class SideAnswer:
    """fields: end-to-end only, lower-case names."""

    status: int
    fields: Sequence[Field]
    body: bytes


class SideCallFailed(Exception):
    """There is no answer. The text is for operators."""

    def __init__(self, failure: UpstreamFailure) -> None:
        super().__init__(failure.log_detail or failure.detail)
        self.failure = failure


async def side_call(upstream: Upstream, exchange: "Exchange", request: SideRequest) -> SideAnswer:
    """Send it and wait. Raises SideCallFailed. When the caller is cancelled, the connection is given up.

    exchange: on whose behalf; balancing by what a client sends looks at it.
    """
    call = _SideCall(upstream, exchange, request)
    try:
        async with asyncio.timeout(request.timeout):
            return await call.run()
    except TimeoutError:
        call.time_out()
        raise SideCallFailed(head_timeout(upstream.name, request.timeout)) from None
    finally:
        call.abandon()


class _SideCall:
    """The pool's waiter and the connection's AnswerSink."""

    def __init__(self, upstream: Upstream, exchange: "Exchange", request: SideRequest) -> None:
        self.method = request.method
        self.is_over = self.is_done = False
        self._upstream = upstream
        self._exchange = exchange
        self._request = request
        self._connection: UpstreamConnection | None = None
        self._head: AnswerHead | None = None
        self._body = bytearray()
        self._received = 0
        self._answer: asyncio.Future[SideAnswer] = asyncio.get_running_loop().create_future()
        self._sent_at = 0.0
        self._was_repeated = False

    @property
    def client_addresses(self) -> ClientAddresses:
        """For targets that want to know them."""
        return ClientAddresses(self._exchange.client, 0, "", 0)

    async def run(self) -> SideAnswer:
        """Raises SideCallFailed."""
        self._start(fresh=False)
        return await self._answer

    def time_out(self) -> None:
        """The caller has waited for long enough."""
        if self._connection is not None and self._head is None:
            self._connection.target.circuit.failed("no answer in time")
        self._upstream.recorder.failed("upstream-timeout")

    def abandon(self) -> None:
        """Nobody wants the answer any more, or it is there."""
        self.is_over = True
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()

    def on_connection(self, connection: UpstreamConnection) -> None:
        """Send the request."""
        self._connection = connection
        recorder = self._upstream.recorder
        if connection.was_reused:
            recorder.reuses += 1
        else:
            recorder.connects += 1
        self._sent_at = monotonic()
        connection.send_head(self, _encoded(self._request, connection.target.authority), True)

    def on_interim(self, status: int, fields: list[Field]) -> None:
        """Nobody waits for one."""

    def on_head(self, head: AnswerHead) -> None:
        """It answers."""
        assert self._connection is not None
        circuit = self._connection.target.circuit
        if head.status >= circuit.notices_from:
            circuit.answered(head.status)
        self._upstream.recorder.attempt(monotonic() - self._sent_at)
        self._head = head

    def on_data(self, data: bytes) -> None:
        """More of it, as much as was asked for."""
        self._received += len(data)
        if self._request.keeps_answer:
            self._body += data
        if self._received > self._request.max_answer:
            self._fail(invalid_answer(self._upstream.name, f"more than {self._request.max_answer} bytes"))
            self.abandon()

    def on_end(self, trailers: Sequence[Field]) -> None:
        """That was all."""
        self._connection = None
        self.is_done = True
        if self._head is not None and not self._answer.done():
            self._answer.set_result(SideAnswer(self._head.status, self._head.fields, bytes(self._body)))

    def on_switched(self, head: AnswerHead) -> None:
        """Never asked for."""
        self.abandon()

    def on_failure(self, failure: UpstreamFailure) -> None:
        """No connection, or it broke."""
        was_reused = self._connection is not None and self._connection.was_reused and self._head is None
        self._connection = None
        self._upstream.recorder.failed(failure.kind)
        if was_reused and not self._was_repeated and (self._request.is_repeatable or failure.nothing_left):
            self._was_repeated = True
            self._start(fresh=True)
        else:
            self._fail(failure)

    def on_upstream_blocked(self, blocked: bool) -> None:
        """The whole request is handed over at once; there is nobody to slow down."""

    def _start(self, *, fresh: bool) -> None:
        try:
            connection = self._upstream.acquire(self, self._exchange, monotonic(), fresh=fresh)
        except TargetBusy as busy:
            self._fail(busy.failure)
            return
        if connection is not None:
            self.on_connection(connection)

    def _fail(self, failure: UpstreamFailure) -> None:
        if not self._answer.done():
            self._answer.set_exception(SideCallFailed(failure))


def _encoded(request: SideRequest, host: bytes) -> bytes:
    fields: Iterable[Field] = (field for field in request.fields if field[0] not in _FRAMING)
    length = b"content-length: %d\r\n" % len(request.body) if request.body or request.method == "POST" else b""
    return b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b\r\n%b" % (
        request.method.encode("ascii"),
        request.target,
        host,
        joined_lines([b"%b: %b\r\n" % field for field in fields]),
        length,
        request.body,
    )
