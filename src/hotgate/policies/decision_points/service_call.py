"""One call to a decision point's upstream: with its credentials, within bounds."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.decision_points.contract import NoDecision
from hotgate.upstream.failure import INVALID_ANSWER
from hotgate.upstream.side_call import SideAnswer, SideCallFailed, SideRequest, side_call

if TYPE_CHECKING:
    from hotgate.upstream.upstream import Upstream


class ServiceCall:
    """fields: of every question, in place of others of their names. credentials: the steps that the upstream asks for.

    timeout: seconds. max_answer: bytes.
    """

    def __init__(
        self,
        upstream: "Upstream",
        fields: Sequence[Field],
        credentials: Sequence[PhasedStep],
        timeout: float,
        max_answer: int,
    ) -> None:
        self.upstream = upstream
        self._fields = tuple(fields)
        self._names = frozenset(name for name, _ in fields)
        self._before = [step.run for step in credentials if step.phase is Phase.SHAPE]
        self._after = [step.run for step in credentials if step.phase is Phase.RESPOND]
        self._timeout = timeout
        self._max_answer = max_answer

    async def answer(self, exchange: Exchange, request: SideRequest) -> SideAnswer:
        """What it answers to a question about `exchange`. Raises NoDecision."""
        fields = [field for field in request.fields if field[0] not in self._names]
        bounded = replace(request, fields=[*fields, *self._fields], timeout=self._timeout, max_answer=self._max_answer)
        if not self._before:
            return await self._sent(exchange, bounded)
        own = _as_exchange(exchange, bounded)
        await self._show(own)
        shown = replace(bounded, target=own.request.target, fields=own.request.headers.fields)
        answer = await self._sent(exchange, shown)
        own.response = Response(answer.status, Headers(list(answer.fields)))
        for step in self._after:
            step(own)
        return replace(answer, fields=own.response.headers.fields)  # a redirect may repeat a credential of the query

    async def _sent(self, exchange: Exchange, request: SideRequest) -> SideAnswer:
        try:
            return await side_call(self.upstream, exchange, request)
        except SideCallFailed as failed:
            # One that is too large, or no HTTP, may be what a caller has brought about, as other nonsense.
            raise NoDecision(str(failed), is_outage=failed.failure.kind != INVALID_ANSWER) from None

    async def _show(self, own: Exchange) -> None:
        """Have the credential put into the question, as routes have it put into their requests."""
        try:
            async with asyncio.timeout(self._timeout):
                for step in self._before:
                    outcome = step(own)
                    refused = await outcome if isinstance(outcome, Awaitable) else outcome
                    if refused is not None:
                        reason = f"no credential for it: {refused.log_detail or refused.code}"
                        raise NoDecision(reason, is_outage=True)
        except TimeoutError:
            raise NoDecision("no credential for it in time", is_outage=True) from None


def _as_exchange(exchange: Exchange, request: SideRequest) -> Exchange:
    """The question as steps see a request. They have no business with the client's own."""
    path, _, query = request.target.partition(b"?")
    own = Request(
        request.method,
        path.decode("ascii"),
        Headers(list(request.fields)),
        host="",
        authority=b"",
        query=query,
        body=request.body,
    )
    return Exchange(own, exchange.route, {}, exchange.client, exchange.request_id, exchange.started)
