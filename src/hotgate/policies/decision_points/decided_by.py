"""The step of a route: ask one decision point, and do as it says."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from secrets import token_bytes

from hotgate.http.response import Response
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Outcome as StepOutcome
from hotgate.policies.conditions.condition import ConditionFailed, Expression
from hotgate.policies.decision_points.contract import (
    Askable,
    DecisionPoint,
    NoDecision,
    Outcome,
    RouteQuestion,
    Verdict,
)
from hotgate.policies.outgoing.own_fields import OwnFields

RETRY_AFTER = 5  # seconds
_DENIED = "You are not allowed to do this."


@dataclass(frozen=True, slots=True)
class AskedHere:
    """One question of a route. key: what its answer depends on; empty: all of it.

    allowed: the decision if the point allows it and says no more. identity: tells this question from those of other
    routes, and from what the route asked before a reload: to each of them the same key may mean something else.
    """

    question: RouteQuestion
    allowed: Decision
    key: Sequence[Expression] = ()
    identity: bytes = field(default_factory=partial(token_bytes, 16))

    @property
    def needs_body(self) -> bool:
        """Whether the question or its key looks at the request's body."""
        return self.question.needs_body or any(each.needs_body for each in self.key)

    def askable(self, exchange: Exchange) -> Askable:
        """Its key is a digest: small, and nothing of the question stays in memory. Raises ConditionFailed."""
        if self.key:
            texts = [str(expression.value(exchange)).encode("utf-8", "surrogatepass") for expression in self.key]
            told = self.identity + b"".join(b"%d:%b" % (len(text), text) for text in texts)
            return Askable(sha256(told).digest(), partial(self.question.of, exchange))
        question = self.question.of(exchange)
        return Askable(sha256(question.encoded).digest(), lambda: question)


class DecidedBy:
    """questions: of the route, all of which the point must allow. count: is told the result of each request."""

    def __init__(self, point: DecisionPoint, questions: Sequence[AskedHere], count: Callable[[str, str], None]) -> None:
        self._point = point
        self._questions = tuple(questions)
        self._count = count
        self._own = OwnFields(*(name.encode("ascii") for name in point.to_upstream))

    def __call__(self, exchange: Exchange) -> StepOutcome | Awaitable[StepOutcome]:
        try:
            outcomes = self._point.decide(exchange, [each.askable(exchange) for each in self._questions])
        except ConditionFailed as error:
            return self._denied(exchange, Verdict(False, f"the question cannot be made: {error}"))
        if isinstance(outcomes, Awaitable):
            return self._later(exchange, outcomes)
        return self._concluded(exchange, outcomes)

    async def _later(self, exchange: Exchange, outcomes: Awaitable[Sequence[Outcome]]) -> StepOutcome:
        return self._concluded(exchange, await outcomes)

    def _concluded(self, exchange: Exchange, outcomes: Sequence[Outcome]) -> StepOutcome:
        verdicts = [outcome for outcome in outcomes if isinstance(outcome, Verdict)]
        for verdict in verdicts:
            if not verdict.allowed:
                return self._denied(exchange, verdict)
        if len(verdicts) != len(self._questions):
            return self._undecided(exchange, next(each for each in outcomes if isinstance(each, NoDecision)))
        self._allow(exchange, verdicts)
        return None

    def _allow(self, exchange: Exchange, verdicts: Sequence[Verdict]) -> None:
        said = next((each for each in verdicts if each.is_for_want), verdicts[0])
        self._count(self._point.name, "let-through" if said.is_for_want else "allowed")
        exchange.decision = self._decision(allowed=True, reason=said.reason)
        if self._own.spellings:
            self._own.set(exchange.request.headers, [field for each in verdicts for field in each.to_upstream])
        for verdict in verdicts:
            exchange.add_answer_fields(*verdict.to_client)

    def _denied(self, exchange: Exchange, verdict: Verdict) -> Response:
        self._count(self._point.name, "denied")
        exchange.decision = self._decision(allowed=False, reason=verdict.reason)
        exchange.add_answer_fields(*verdict.to_client)
        if verdict.answer is None:
            detail = verdict.said_to_client or _DENIED
            return Response.problem(403, code="forbidden", detail=detail, log_detail=self._told(verdict.reason))
        response = verdict.answer.copy()
        response.code, response.log_detail = "forbidden", self._told(verdict.reason)
        return response

    def _undecided(self, exchange: Exchange, missing: NoDecision) -> Response:
        self._count(self._point.name, "unavailable")
        exchange.decision = self._decision(allowed=False, reason=str(missing))
        return Response.problem(
            503,
            code="decision-unavailable",
            detail="Nobody can decide now whether this is allowed.",
            headers={"retry-after": str(missing.retry_after or RETRY_AFTER)},
            log_detail=self._told(str(missing)),
        )

    def _decision(self, *, allowed: bool, reason: str) -> Decision:
        """The constant one where it says all there is to say."""
        usual = self._questions[0].allowed
        if allowed and not reason:
            return usual
        return Decision(usual.policy, usual.rule, usual.path, allowed, reason, usual.attributes)

    def _told(self, reason: str) -> str:
        return f"{self._point.name}: {reason}"
