"""What a caller is under: the rate of its tier. All tiers of a limit share its buckets.

A bucket is counted in tokens that fit every tier: with 100/minute and gold: 1000/minute it holds 1,000 and refills
1,000 a minute; a request of gold takes one, any other takes ten. Whoever changes tier finds the bucket as full as it
was, in proportion, and no second one.
"""

from collections.abc import Callable, Iterable, Mapping
from math import lcm

from hotgate.config.units import Rate
from hotgate.limits.limit import MAX_QUOTA
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import WrongSetting
from hotgate.policies.conditions.condition import ConditionFailed, Expression
from hotgate.policies.limits.limit_answer import LimitAnswer
from hotgate.policies.limits.limit_fields import LimitItem


class LimitTerms:
    """One rate of a limit. tokens: what a request of cost 1 takes."""

    __slots__ = ("answer", "item", "tokens")

    def __init__(self, item: LimitItem, answer: LimitAnswer) -> None:
        self.item = item
        self.answer = answer
        self.tokens = item.tokens


TermsOf = Callable[[Exchange], LimitTerms]


def tokens_of_window(limit: Rate, tiers: Iterable[Rate]) -> int:
    """Tokens that all rates have in the window. Raises WrongSetting when there are too many of them."""
    tokens = lcm(limit.count, *(rate.count for rate in tiers))
    if tokens > MAX_QUOTA:
        raise WrongSetting(("tiers",), "these numbers have no common measure that is small enough; use rounder ones")
    return tokens


class Tiers:
    """Chooses the terms of a caller. named: of each tier; others have `default`."""

    def __init__(self, default: LimitTerms, named: Mapping[str, LimitTerms], expression: Expression | None) -> None:
        self._default = default
        self._named = named
        self._expression = expression
        self._slowest = max((default, *named.values()), key=lambda terms: terms.tokens)

    def terms_of(self, exchange: Exchange) -> LimitTerms:
        """Nobody gets a better rate by making the expression fail."""
        if self._expression is None:
            principal = exchange.principal
            tier = "" if principal is None else principal.tier or ""
        else:
            try:
                tier = self._expression.value(exchange)
            except ConditionFailed:
                return self._slowest
        return self._named.get(tier, self._default)
