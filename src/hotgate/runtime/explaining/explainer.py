"""Answers one question after another about one configuration."""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from hotgate.config.loader import Loaded
from hotgate.control.api.explain import Explained, ExplainedRule, ExplainedStep, Question
from hotgate.edge import answers
from hotgate.edge.incoming import Incoming
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.policies.explaining.facts import is_denial, principal_facts, shown_text
from hotgate.runtime.compiling.compile import compile_configuration
from hotgate.runtime.compiling.compile_versions import VersionRefusal
from hotgate.runtime.compiling.compiled import Parts
from hotgate.runtime.explaining.callers import credential_notes, given_principal
from hotgate.runtime.explaining.described_request import presented_certificate, read_request
from hotgate.runtime.explaining.gateway_steps import GatewaySteps
from hotgate.runtime.explaining.near_routes import NearRoutes
from hotgate.runtime.explaining.peeking import PeekingServices, World
from hotgate.runtime.explaining.places import place_of
from hotgate.runtime.explaining.step_runner import StepRunner, limits_that_refuse

_AUTHENTICATE = ("authenticate", "authenticate")
_REDIRECTED = 308


class Explainer:
    """Compiles a configuration, which is checked already. One question at a time: others wait for their turn."""

    def __init__(self, loaded: Loaded, world: World) -> None:
        """Raises CompileProblems."""
        self._loaded = loaded
        self._services = PeekingServices(world, has_store=loaded.config.store is not None)
        self._compiled = compile_configuration(loaded.config, Parts(self._services.by_name, WorkerMetrics()))
        self._index_of = {route.name: index for index, route in enumerate(loaded.config.routes)}
        self._near = NearRoutes(loaded.config.routes)
        self._gateway = GatewaySteps(loaded)
        self._turn = asyncio.Lock()

    async def explain(self, question: Question, principal: Principal | None = None) -> Explained:
        """What would become of the request. principal: who calls, instead of the one that the question names.

        Raises ValueError for what cannot be read as a request, or as a certificate.
        """
        async with self._turn:
            started = time.perf_counter()
            self._services.look(None if question.at is None else question.at.timestamp())
            explained = await self._explained(question, principal)
            explained.milliseconds = round((time.perf_counter() - started) * 1000, 3)
            return explained

    def close(self) -> None:
        """Let go of connections to decision points."""
        for upstream in self._compiled.upstreams.values():
            upstream.close()

    async def _explained(self, question: Question, principal: Principal | None) -> Explained:
        snapshot = self._compiled.snapshot
        redirecting, https_port = self._gateway.redirecting(question.scheme) or (None, None)
        incoming = read_request(question, snapshot.rules, https_port)
        request = incoming.request
        found = None if incoming.refusal is not None else snapshot.table.find(request)
        route, parameters = found or (snapshot.unmatched, {})
        exchange = Exchange(
            request,
            route,
            parameters,
            question.client,
            "explained",
            time.monotonic(),
            now=question.at or datetime.now(UTC),
            certificate=presented_certificate(question),
        )
        index = self._index_of.get(route.name)
        place = "" if index is None else place_of(self._loaded, ("routes", index))
        first = [] if redirecting is None else [redirecting]
        story = _Story(exchange, incoming, place, first, is_live=self._services.world.is_live)
        if incoming.refusal is not None:
            if redirecting is not None and incoming.refusal.status == _REDIRECTED:
                redirecting.outcome, redirecting.status = "answered", _REDIRECTED
            explained = story.told([], incoming.refusal, because=_told_to_client(incoming.refusal))
            explained.method, explained.path = question.method, shown_text(question.target.partition("?")[0])
            return explained
        if found is None:
            return story.told([], answers.unrouted(request, snapshot.table), near=self._near.find(request))
        if isinstance(version := next(iter(route.before), None), VersionRefusal):
            return story.told([], version(exchange))
        if index is None:
            return story.told([], None, because="answered by the gateway itself: nobody is authenticated before it")
        body = bytes(incoming.take_buffer()) if incoming.has_body else None
        if body is not None and len(body) > route.max_body:
            return story.told([], answers.body_too_large(route.max_body))
        steps, response = await self._run(question, principal, exchange, body)
        return story.told(*await self._as_workers_see(exchange, steps, response))

    async def _run(
        self, question: Question, principal: Principal | None, exchange: Exchange, body: bytes | None
    ) -> tuple[list[ExplainedStep], Response | None]:
        settings = self._loaded.config.routes[self._index_of[exchange.route.name]]
        notes = list(credential_notes(exchange.request, settings.identities, self._compiled.identities))
        skipped: dict[tuple[str, str], str] = {}
        given = principal
        if given is None and question.principal is not None:
            given = given_principal(question.principal, self._loaded.config, settings.identities)
        if given is not None and given.provider in settings.identities:
            exchange.principal = given
            skipped[_AUTHENTICATE] = f"taken as one that {given.provider} has recognised"
        elif given is not None and settings.identities:
            notes.append(f"the route does not ask {given.provider}, so its callers count as nobody here")
        runner = StepRunner(self._loaded, self._services.limiter, self._services.places, skipped)
        steps, response = await runner.run(exchange.route, exchange, body)
        for step in steps:
            if (step.phase, step.policy) == _AUTHENTICATE and step.outcome != "skipped":
                step.notes += notes
                break
        return steps, response

    async def _as_workers_see(
        self, exchange: Exchange, steps: list[ExplainedStep], response: Response | None
    ) -> tuple[list[ExplainedStep], Response | None]:
        """What decides besides: workers that have too much to do, and what they know of the upstream's targets."""
        route, look = exchange.route, self._services.world.look
        if look is None:
            return steps, response
        upstream = _upstream_of(route)
        views = await look(upstream)
        priority = route.priority.known(exchange) if response is None else route.priority.best
        if (shedding := self._gateway.shedding(views, priority)) is not None:
            if shedding[1] is not None:
                return [shedding[0]], shedding[1]
            steps = [shedding[0], *steps]
        if response is None and upstream and (found := self._gateway.upstream(upstream, views)) is not None:
            return [*steps, found[0]], found[1]
        return steps, response


class _Story:
    """What is told of one request, however it ended. The path and method are those that were asked for."""

    def __init__(
        self, exchange: Exchange, incoming: Incoming, place: str, first: list[ExplainedStep], *, is_live: bool
    ) -> None:
        """place: of the route in the file. first: steps that came before it was routed."""
        self._first = first
        self._exchange = exchange
        self._place = place
        self._request = exchange.request
        self._path = incoming.request.path
        self._is_live = is_live

    def told(
        self,
        steps: list[ExplainedStep],
        response: Response | None,
        *,
        near: Sequence[str] = (),
        because: str = "",
    ) -> Explained:
        """response: the gateway's own answer, if it has one."""
        exchange, route = self._exchange, self._exchange.route
        steps = [*self._first, *steps]
        is_denied = response is not None and is_denial(response, exchange.decision)
        ends = response is not None or bool(because)
        return Explained(
            decision="deny" if is_denied else "allow",
            status=None if response is None else response.status,
            code="" if response is None else response.code,
            reason=because or _reason(steps, response),
            by=_decided_by(steps, is_denied=is_denied),
            route=route.name,
            route_at=self._place,
            near=list(near),
            method=self._request.method,
            host=self._request.host,
            path=self._path,
            parameters={name: shown_text(value) for name, value in exchange.params.items()},
            principal=None if exchange.principal is None else principal_facts(exchange.principal),
            steps=steps,
            upstream="" if ends else _upstream_of(route),
            upstream_path="" if ends else self._request.path,
            live=self._is_live,
            milliseconds=0.0,
        )


def _told_to_client(refusal: Response) -> str:
    """Who sends what is no request is told all that is known of it."""
    return str(json.loads(refusal.body or b"{}").get("detail", ""))


def _upstream_of(route: Route) -> str:
    return route.target.name if route.target is not None else ""


def _reason(steps: Sequence[ExplainedStep], response: Response | None) -> str:
    """For operators: what the step says, the rule behind it, or which limit is used up."""
    if response is None:
        return ""
    last = steps[-1] if steps else None
    rule = "" if last is None or last.rule is None else last.rule.reason
    return shown_text(response.log_detail) or rule or "; ".join(limits_that_refuse(steps[-1:]))


def _decided_by(steps: Sequence[ExplainedStep], *, is_denied: bool) -> ExplainedRule | None:
    """The rule of the step that refused, or its place if it names none; else the last rule that let it pass."""
    if is_denied and steps:
        last = steps[-1]
        if last.rule is not None and not last.rule.allowed:
            return last.rule
        return ExplainedRule(
            policy=last.policy, rule="", path=last.path, at=last.at, allowed=False, reason=last.reason, attributes={}
        )
    rules = [step.rule for step in steps if step.rule is not None and step.rule.allowed]
    return rules[-1] if rules else None
