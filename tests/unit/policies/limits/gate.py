"""A route's `rate_limit`, compiled, on a limiter with a real authority."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

from pydantic import TypeAdapter

from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.observe.recorder import RouteRecorder
from hotgate.pipeline.exchange import SWITCHED, Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext
from hotgate.pipeline.route import Outcome, Route
from hotgate.policies.limits.rate_limit import POLICY

_MODEL = TypeAdapter[Any](POLICY.model)


def settings_of(value: Any) -> Any:
    """What the file says, validated. Raises ValidationError."""
    return _MODEL.validate_python(value)


class Gate:
    """`ask` runs a request through the step and returns the answer as the edge would send it.

    started: monotonic seconds, of the requests to come.
    """

    started = 0.0

    def __init__(
        self,
        limiter: Any,
        *several: Mapping[str, Any],
        route: str = "orders",
        parameters: tuple[str, ...] = (),
        services: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        value = [{"limit": "2/minute", **each} for each in several] or {"limit": "2/minute", **settings}
        context = CompileContext(
            route, services={"limiter": limiter, **(services or {})}, parameters=parameters, path=("routes", 0)
        )
        self.steps = POLICY.compile(settings_of(value), context)
        self.recorder = RouteRecorder(route)
        self.route = Route(route, recorder=self.recorder)
        self.exchange: Exchange

    def ask(
        self,
        client: str = "192.0.2.1",
        principal: Principal | None = None,
        fields: list[Field] | None = None,
        params: Mapping[str, str] | None = None,
        answer: Response | None = None,
        method: str = "GET",
    ) -> Response:
        """The answer of the limits, or else `answer`, which stands for the backend's; without one, 200."""
        request = Request(method, "/", Headers(fields or []))
        exchange = Exchange(request, self.route, params or {}, client, "r", self.started)
        exchange.principal = principal
        self.exchange = exchange
        return asyncio.run(self._answered(exchange, answer or Response(200)))

    def leave(self) -> None:
        """A request whose client has left before there was an answer."""
        asyncio.run(self._left(self._exchange()))

    def switch(self) -> None:
        """A request that became a tunnel."""
        exchange = self._exchange()
        exchange.state[SWITCHED] = True
        asyncio.run(self._left(exchange))

    async def run(self) -> Outcome:
        """A request, up to the decision."""
        return await self._run(self._exchange())

    def statuses(self, *clients: str) -> list[int]:
        """Of one request of each."""
        return [self.ask(client).status for client in clients]

    def _exchange(self) -> Exchange:
        return Exchange(Request("GET", "/", Headers([])), self.route, {}, "192.0.2.1", "r", self.started)

    async def _run(self, exchange: Exchange) -> Outcome:
        outcome = self.steps[0].run(exchange)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    async def _answered(self, exchange: Exchange, answer: Response) -> Response:
        exchange.response = response = await self._run(exchange) or answer
        response.add_encoded(exchange.answer_block)
        self._later_steps(exchange, Phase.RESPOND)
        self._later_steps(exchange, Phase.FINISH)
        return response

    async def _left(self, exchange: Exchange) -> None:
        assert await self._run(exchange) is None
        self._later_steps(exchange, Phase.FINISH)

    def _later_steps(self, exchange: Exchange, phase: Phase) -> None:
        for step in self.steps:
            if step.phase is phase:
                step.run(exchange)


def caller(subject: str = "alice", provider: str = "corp", mechanism: str = "jwt", **facts: Any) -> Principal:
    """Somebody who is authenticated."""
    return Principal(subject, provider=provider, mechanism=mechanism, **facts)
