"""A decision point that is asked over HTTP: what is known is believed for a while, and who asks the same asks once."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from hotgate.config.decision_points import decision_point as settings_of
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.decision_points.contract import Askable, Asked, Kind, NoDecision, Outcome, RouteQuestion, Verdict
from hotgate.policies.decision_points.decision_cache import DecisionCache
from hotgate.policies.decision_points.service_call import ServiceCall
from hotgate.upstream.breaker import Breaker

MOST_FLIGHTS = 1024  # calls of one point and worker that are under way; Envoy: `max_pending_requests`
_FOR_EVER = math.inf


class RemotePoint:
    """cache: None: nothing is believed later. wall_clock: epoch seconds, as credentials say when they expire."""

    def __init__(
        self,
        name: str,
        settings: settings_of.DecisionPoint,
        kind: Kind,
        call: ServiceCall,
        *,
        cache: DecisionCache | None,
        breaker: Breaker,
        wall_clock: Callable[[], float],
    ) -> None:
        self.name = name
        self.ask = settings.settings.ask
        self.key = () if settings.cache is None else settings.cache.key
        self.to_upstream = settings.settings.set_for_upstream
        self.body_limit = settings.settings.needed_body
        self._kind = kind
        self._call = call
        self._lets_through = settings.on_failure == "allow"
        self._cache = cache
        self._breaker = breaker
        self._wall_clock = wall_clock
        self._flights: dict[tuple[bytes, ...], asyncio.Task[Sequence[Outcome]]] = {}

    def compile(self, ask: Any, attributes: Mapping[str, Attribute]) -> RouteQuestion:
        """What a route asks."""
        return self._kind.compile(ask, attributes)

    def decide(
        self, exchange: Exchange, askable: Sequence[Askable]
    ) -> Sequence[Outcome] | Awaitable[Sequence[Outcome]]:
        """At once if everything is known, or if what is known denies."""
        known: list[Verdict] = []
        unknown: list[Askable] = []
        for each in askable:
            verdict = None if self._cache is None else self._cache.get(each.key)
            if verdict is None:
                unknown.append(each)
            elif verdict.allowed:
                known.append(verdict)
            else:
                return [verdict]
        return self._asked(exchange, known, [each.asked() for each in unknown]) if unknown else known

    async def _asked(self, exchange: Exchange, known: Sequence[Verdict], missing: Sequence[Asked]) -> Sequence[Outcome]:
        """As many at once as its kind can, until one is no permission."""
        outcomes: list[Outcome] = list(known)
        for start in range(0, len(missing), self._kind.most_at_once):
            found = await self._flown(exchange, missing[start : start + self._kind.most_at_once])
            outcomes += found
            if not all(isinstance(each, Verdict) and each.allowed for each in found):
                break
        return outcomes

    async def _flown(self, exchange: Exchange, asked: Sequence[Asked]) -> Sequence[Outcome]:
        """Whoever asks the very same meanwhile waits for the same answer, unless that turns out to be personal."""
        questions = tuple(each.question.encoded for each in asked)
        flight = self._flights.get(questions)
        if flight is not None:
            outcomes = await asyncio.shield(flight)
            is_personal = any(isinstance(each, Verdict) and each.is_personal for each in outcomes)
            return await self._fly(exchange, asked) if is_personal else outcomes
        if len(self._flights) >= MOST_FLIGHTS:
            return self._without(NoDecision(f"{MOST_FLIGHTS} questions are under way", is_outage=True), len(asked))
        flight = self._flights[questions] = asyncio.create_task(self._fly(exchange, asked))
        flight.add_done_callback(lambda done: self._landed(questions, done))
        return await asyncio.shield(flight)  # one client that goes away does not end it for the others

    def _landed(self, questions: tuple[bytes, ...], flight: "asyncio.Task[Sequence[Outcome]]") -> None:
        del self._flights[questions]
        if not flight.cancelled():
            flight.exception()  # nobody may have waited

    async def _fly(self, exchange: Exchange, asked: Sequence[Asked]) -> Sequence[Outcome]:
        if not self._breaker.may_call():
            left = math.ceil(self._breaker.seconds_left)
            alone = NoDecision("it has not answered lately, and is left alone", is_outage=True, retry_after=left)
            return self._without(alone, len(asked))
        try:
            verdicts = await self._verdicts(exchange, asked)
        except NoDecision as error:
            self._breaker.failed(str(error)) if error.is_outage else self._breaker.said_nothing()
            missing = NoDecision(str(error), is_outage=error.is_outage)  # without the frames that this one has seen
            return self._without(missing, len(asked))
        except BaseException:
            self._breaker.said_nothing()
            raise
        self._breaker.succeeded()
        self._keep(exchange, asked, verdicts)
        return verdicts

    async def _verdicts(self, exchange: Exchange, asked: Sequence[Asked]) -> list[Verdict]:
        questions = [each.question for each in asked]
        request = self._kind.request(questions, exchange.request_id)
        answer = await self._call.answer(exchange, request)
        return self._kind.verdicts(answer, questions)

    def _keep(self, exchange: Exchange, asked: Sequence[Asked], verdicts: Sequence[Verdict]) -> None:
        if self._cache is None:
            return
        principal = exchange.principal
        expires = None if principal is None else principal.expires
        at_most = _FOR_EVER if expires is None else expires - self._wall_clock()
        for each, verdict in zip(asked, verdicts, strict=False):  # fewer behind a denial
            if not verdict.is_personal:
                self._cache.put(each.key, verdict, at_most)

    def _without(self, missing: NoDecision, asked: int) -> Sequence[Outcome]:
        """What so many questions without an answer mean."""
        if not (self._lets_through and missing.is_outage):
            return [missing]
        return [Verdict(True, f"no decision, and on_failure is allow: {missing}", is_for_want=True)] * asked
