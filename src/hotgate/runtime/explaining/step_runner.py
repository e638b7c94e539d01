"""The steps of one route, run one by one as the edge runs them, and what each of them did."""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hotgate.config.loader import Loaded
from hotgate.control.api.explain import ExplainedStep
from hotgate.edge import answers
from hotgate.edge.pending_policy import ANY_FAILURE
from hotgate.http.response import Response
from hotgate.pipeline.decision import StepLabel
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route, Step
from hotgate.policies.explaining.facts import shown_text
from hotgate.policies.limits.limit_rule import DRY_RUN
from hotgate.runtime.explaining.peeked_places import PeekingBook
from hotgate.runtime.explaining.peeking import PeekingLimiter, within
from hotgate.runtime.explaining.places import limit_of, rule_of, step_at

SECONDS = 10.0  # for one step that waits; the edge gives it 30
_ANSWERS = frozenset({"respond", "redirect"})  # what the file says instead of a backend
# Steps that are not run, and why: what they do is seen by others, or undone by a later step that is not run.
_NOT_RUN = {
    "upstream": "the credential or signature for the upstream is neither fetched nor made",
    "mirror": "no copy is sent",
}
_ELSEWHERE = "the release has chosen another upstream"
_UNSHOWN = frozenset({"admin", "decision_log", "cookies"})  # the gateway's own


@dataclass(slots=True)
class StepRunner:
    """skipped: policies whose steps of `authenticate` are not run, and why."""

    loaded: Loaded
    limiter: PeekingLimiter
    places: PeekingBook
    skipped: dict[tuple[str, str], str]

    async def run(
        self, route: Route, exchange: Exchange, body: bytes | None
    ) -> tuple[list[ExplainedStep], Response | None]:
        """What each step did, and the answer of the one that ended it."""
        done: list[ExplainedStep] = []
        for index, (step, label) in enumerate(zip(route.before, route.labels, strict=True)):
            if index == route.body_step:
                exchange.request.body = body or b""
                if len(exchange.request.body) > route.body_limit:
                    refusal = answers.body_too_large(route.body_limit)
                    return [*done, self._described(exchange, label, refusal, "refused")], refusal
            if label.policy in _UNSHOWN:
                continue
            if reason := self._reason_to_skip(label, exchange.route):
                done.append(self._bare(label, "skipped", [reason]))
                continue
            explained, response = await self._step(step, label, exchange)
            done.append(explained)
            if response is not None:
                return done, response
        return done, None

    def _reason_to_skip(self, label: StepLabel, route: Route) -> str:
        if label.path[0] == "upstreams" and route.target is not None and label.path[1] != route.target.name:
            return _ELSEWHERE
        return self.skipped.get((label.phase, label.policy)) or _NOT_RUN.get(label.policy, "")

    async def _step(self, step: Step, label: StepLabel, exchange: Exchange) -> tuple[ExplainedStep, Response | None]:
        self.limiter.peeked.clear()
        self.places.notes.clear()
        before, would_refuse = exchange.decision, len(exchange.state.get(DRY_RUN, ()))
        try:
            outcome = step(exchange)
            if inspect.isawaitable(outcome):
                outcome = await within(SECONDS, outcome)
        except TimeoutError:
            return self._failed(exchange, label, answers.policy_timeout())
        except ANY_FAILURE as error:
            return self._failed(exchange, label, answers.policy_failed(error))
        kind = "answered" if label.policy in _ANSWERS else "refused"
        explained = self._described(exchange, label, outcome, kind if outcome is not None else "passed")
        if exchange.decision is None or exchange.decision is before:
            explained.rule = None
        explained.notes += (f"dry run: {each.reason}" for each in exchange.state.get(DRY_RUN, ())[would_refuse:])
        return explained, outcome

    def _failed(
        self, exchange: Exchange, label: StepLabel, response: Response
    ) -> tuple[ExplainedStep, Response | None]:
        return self._described(exchange, label, response, "failed"), response

    def _described(
        self, exchange: Exchange, label: StepLabel, response: Response | None, outcome: str
    ) -> ExplainedStep:
        described = self._bare(label, outcome, [])
        described.limits = [limit_of(each) for each in self.limiter.peeked]
        described.notes += [each.note for each in self.limiter.peeked if each.note]
        described.notes += self.places.notes
        if exchange.decision is not None:
            described.rule = rule_of(exchange.decision, exchange, self.loaded)
        if response is not None:
            described.status, described.code = response.status, response.code
            described.reason = shown_text(response.log_detail)
        return described

    def _bare(self, label: StepLabel, outcome: str, notes: Sequence[str]) -> ExplainedStep:
        return step_at(self.loaded, label.phase, label.policy, label.path, outcome, notes)


def limits_that_refuse(steps: Sequence[ExplainedStep]) -> Iterator[str]:
    """Which limits are used up, in words."""
    for step in steps:
        for limit in step.limits:
            if not limit.allowed:
                yield f"{limit.name} of {limit.key}: wait for {limit.retry_after} s"
