"""Several conditions asked at once: to begin an evaluation costs more than what most conditions compare.

The joined expression only ever finds that everything allows, and by which rule. Whatever else it gives, a failure
included, the conditions are asked one after the other, and what they say counts.
"""

from collections.abc import Mapping, Sequence

from hotgate.http.response import Response
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.authorization.part import Check
from hotgate.policies.authorization.rules import NamedPolicy, When
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.condition import ConditionFailed, Expression, compile_number

Conditions = Sequence[When | NamedPolicy]


class JoinedConditions:
    """expression: gives n where everything allows, the last by the n-th of `decisions`, and 0 otherwise."""

    __slots__ = ("_conditions", "_decisions", "_expression")

    def __init__(self, conditions: Conditions, expression: Expression, decisions: Sequence[Decision]) -> None:
        self._conditions = tuple(conditions)
        self._expression = expression
        self._decisions = tuple(decisions)

    def __call__(self, exchange: Exchange) -> Response | None:
        try:
            number = self._expression.value(exchange)
        except ConditionFailed:
            number = 0
        if number > 0:
            exchange.decision = self._decisions[number - 1]
            return None
        for condition in self._conditions:
            response = condition(exchange)
            if response is not None:
                return response
        return None


def joined(conditions: Conditions, attributes: Mapping[str, Attribute]) -> Sequence[Check]:
    """The same checks as one, where that is worth it and not too long or too deep for CEL."""
    if sum(map(_count, conditions)) < 2:
        return conditions
    source, decisions = _source(conditions)
    try:
        return [JoinedConditions(conditions, compile_number(source, attributes), decisions)]
    except ValueError:
        return conditions


def _count(condition: When | NamedPolicy) -> int:
    return 1 if isinstance(condition, When) else len(condition.denying) + len(condition.allowing)


def _source(conditions: Conditions) -> tuple[str, list[Decision]]:
    """What must be true, and then which rule of the last condition allows."""
    last = conditions[-1]
    required = [text for condition in conditions for text in _required(condition)]
    required += [_any_of(each) for each in conditions[:-1] if isinstance(each, NamedPolicy)]
    if isinstance(last, When):
        return f"{' && '.join(required)} ? 1 : 0", [last.allowed]
    chosen = "".join(f"{_group(rule.condition.source)} ? {n} : " for n, rule in enumerate(last.allowing, 1)) + "0"
    source = f"{' && '.join(required)} ? ({chosen}) : 0" if required else chosen
    return source, [rule.decision for rule in last.allowing]


def _required(condition: When | NamedPolicy) -> list[str]:
    if isinstance(condition, When):
        return [_group(condition.condition.source)]
    return [f"!{_group(rule.condition.source)}" for rule in condition.denying]


def _any_of(policy: NamedPolicy) -> str:
    return _group(" || ".join(_group(rule.condition.source) for rule in policy.allowing))


def _group(source: str) -> str:
    """On a line of its own, so that a comment in it ends."""
    return f"({source}\n)"
