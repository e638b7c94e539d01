"""Conditions that decide: `when`, and the rules of a named policy."""

from collections.abc import Sequence
from typing import NamedTuple

from hotgate.config.authorization import Rule
from hotgate.http.response import Response
from hotgate.pipeline.decision import Decision, Path
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.authorization.denial import NOT_ALLOWED, Denial
from hotgate.policies.authorization.part import KEY
from hotgate.policies.conditions.condition import Condition, ConditionFailed


class When:
    """A condition that must hold. allowed: the decision where it does."""

    __slots__ = ("_deny", "allowed", "condition")

    def __init__(self, condition: Condition, allowed: Decision, denial: Denial) -> None:
        self.condition = condition
        self.allowed = allowed
        self._deny = denial

    @property
    def needs_body(self) -> bool:
        """Whether it looks at the body."""
        return self.condition.needs_body

    def __call__(self, exchange: Exchange) -> Response | None:
        try:
            if self.condition.holds(exchange):
                exchange.decision = self.allowed
                return None
        except ConditionFailed as failure:
            return self._deny.failed(exchange, str(failure))
        return self._deny(exchange)


class Denying(NamedTuple):
    """A rule that denies where its condition holds, or fails."""

    condition: Condition
    deny: Denial


class Allowing(NamedTuple):
    """A rule that allows where its condition holds. One that fails allows nothing."""

    condition: Condition
    decision: Decision


class NamedPolicy:
    """A rule that denies wins over all that allow; what no rule allows is denied."""

    __slots__ = ("_deny", "allowing", "denying")

    def __init__(self, denying: Sequence[Denying], allowing: Sequence[Allowing], denial: Denial) -> None:
        self.denying = tuple(denying)
        self.allowing = tuple(allowing)
        self._deny = denial

    @property
    def needs_body(self) -> bool:
        """Whether one of its rules looks at the body."""
        conditions = [*(rule.condition for rule in self.denying), *(rule.condition for rule in self.allowing)]
        return any(condition.needs_body for condition in conditions)

    def __call__(self, exchange: Exchange) -> Response | None:
        for condition, deny in self.denying:
            try:
                if condition.holds(exchange):
                    return deny(exchange)
            except ConditionFailed as failure:
                return deny.failed(exchange, str(failure))
        reason = ""
        for condition, decision in self.allowing:
            try:
                if condition.holds(exchange):
                    exchange.decision = decision
                    return None
            except ConditionFailed as failure:
                reason = f"{decision.rule}: {failure}"
        return self._deny.failed(exchange, reason) if reason else self._deny(exchange)


def named_policy(name: str, rules: Sequence[tuple[Rule, Condition]]) -> NamedPolicy:
    """The policy of that name, with the condition of each rule as the route compiles it."""
    path: Path = ("authorization", "policies", name)
    denying, allowing = [], []
    for index, (rule, condition) in enumerate(rules):
        allows = rule.allow is not None
        reason = "its condition holds"
        decision = Decision(KEY, rule.name, (*path, index), allows, reason, condition.attributes)
        if allows:
            allowing.append(Allowing(condition, decision))
        else:
            denying.append(Denying(condition, Denial(decision, rule.because or NOT_ALLOWED)))
    looked_at = {key: read for each in allowing for key, read in each.condition.attributes.items()}
    return NamedPolicy(denying, allowing, Denial(Decision(KEY, name, path, False, "no rule allows it", looked_at)))
