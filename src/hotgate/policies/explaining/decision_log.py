"""The steps by which a worker notes each decision for `decision_log:`.

A step at the very start notes what was asked for, before a policy changes it; one at the very end of `shape` that every
step has let the request pass; and one of `finish` writes the record.
"""

from collections.abc import Callable
from typing import Any

from hotgate.config.decision_log import DecisionLog
from hotgate.http.response import Response
from hotgate.observe.decision_record import DecisionRecord
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.explaining.facts import (
    attribute_values,
    is_denial,
    limit_facts,
    path_text,
    principal_facts,
    shown_text,
)

_PATH, _PASSED = "decision_log.path", "decision_log.passed"
_POLICY = "decision_log"


class DecisionNotes:
    """append: takes each record."""

    def __init__(self, settings: DecisionLog, append: Callable[[DecisionRecord], None]) -> None:
        self._denied_only = settings.what == "denied"
        self._has_attributes = settings.attributes
        self._append = append

    @property
    def first(self) -> tuple[PhasedStep, ...]:
        """For before all other steps of a route."""
        return (PhasedStep(Phase.ADMIT, self.note_path, policy=_POLICY),)

    @property
    def last(self) -> tuple[PhasedStep, ...]:
        """For behind them."""
        passed = PhasedStep(Phase.SHAPE, self.note_passed, policy=_POLICY)
        return passed, PhasedStep(Phase.FINISH, self.write, policy=_POLICY)

    def note_path(self, exchange: Exchange) -> None:
        """What was asked for."""
        exchange.state[_PATH] = exchange.request.path

    def note_passed(self, exchange: Exchange) -> None:
        """Nobody has refused it."""
        exchange.state[_PASSED] = True

    def write(self, exchange: Exchange) -> None:
        """The answer is out. A client that left while a policy waited was neither allowed nor denied anything."""
        has_passed, response = _PASSED in exchange.state, exchange.response
        if not has_passed and response is None:
            return
        is_denied = not has_passed and response is not None and is_denial(response, exchange.decision)
        if is_denied or not self._denied_only:
            self._append((exchange.started, self._facts(exchange, response, is_denied=is_denied)))

    def _facts(self, exchange: Exchange, response: Response | None, *, is_denied: bool) -> dict[str, Any]:
        request, principal, decision = exchange.request, exchange.principal, exchange.decision
        facts: dict[str, Any] = {
            "decision": "deny" if is_denied else "allow",
            "request_id": exchange.request_id,
            "route": exchange.route.name,
            "method": request.method,
            "host": shown_text(request.host),
            "path": exchange.state.get(_PATH, request.path)[:1024],
            "client": exchange.client,
        }
        if principal is not None:
            facts |= principal_facts(principal)
        # What a later step refuses without naming its rule was not decided by the rule that had let it pass before.
        if decision is not None and decision.allowed is not is_denied:
            facts |= self._rule(decision, exchange)
        facts |= limit_facts(exchange)
        if response is not None:
            facts["status"] = response.status
            if response.code:
                facts["code"] = response.code
                facts["log_detail"] = shown_text(response.log_detail)
        return facts

    def _rule(self, decision: Decision, exchange: Exchange) -> dict[str, Any]:
        facts: dict[str, Any] = {"policy": decision.policy, "rule": decision.rule, "rule_path": path_text(decision)}
        if decision.reason:
            facts["reason"] = shown_text(decision.reason)
        if self._has_attributes and decision.attributes:
            facts["attributes"] = attribute_values(decision, exchange)
        return facts
