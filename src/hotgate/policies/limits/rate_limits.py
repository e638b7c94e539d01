"""All limits of a route, asked in their order: a request passes if every one has room, and takes from all or none."""

from collections.abc import Awaitable, Sequence

from hotgate.limits.decision import LimitDecision
from hotgate.limits.lease_client import LeaseClient
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Outcome
from hotgate.policies.limits.limit_fields import LimitItem, tell_admitted
from hotgate.policies.limits.limit_rule import LimitRule
from hotgate.policies.limits.limit_terms import LimitTerms
from hotgate.policies.limits.settlement import Reservation, Settlement

Asked = tuple[LimitRule, str, LimitTerms, int]
"""A limit, whose bucket, on which terms, and for how many tokens. A plain tuple: others take several times as long."""

Taken = list[tuple[Asked, LimitDecision]]


class RateLimits:
    """The compiled step. settlement: of rules that want to see the answer, if there are any."""

    def __init__(self, rules: Sequence[LimitRule], limiter: LeaseClient, settlement: Settlement | None) -> None:
        self._rules = tuple(rules)
        self._limiter = limiter
        self._settlement = settlement

    def spend(self, exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        """Take tokens; denied → 429. Returns an awaitable when the authority must be asked."""
        return self._ask(exchange, 0, [])

    def _ask(self, exchange: Exchange, start: int, taken: Taken) -> Outcome | Awaitable[Outcome]:
        key_of, key = None, ""
        for index, rule in enumerate(self._rules[start:] if start else self._rules, start):
            if rule.is_conditional and rule.spares(exchange):
                continue
            if rule.key_of is not key_of:
                key_of = rule.key_of
                key = key_of(exchange)
            terms, tokens = rule.fixed or rule.price(exchange)
            if not tokens:
                continue
            asked = (rule, key, terms, tokens)
            decision = self._limiter.spend(rule.limit, key, tokens)
            if isinstance(decision, LimitDecision) and decision.allowed:
                taken.append((asked, decision))
            elif decision is None or isinstance(decision, LimitDecision):
                if (refusal := self._refuse(exchange, index, taken, asked, decision)) is not None:
                    return refusal
            else:
                return self._ask_later(exchange, index, taken, asked, decision)
        self._admit(exchange, taken)
        return None

    async def _ask_later(
        self, exchange: Exchange, index: int, taken: Taken, asked: Asked, pending: Awaitable[LimitDecision | None]
    ) -> Outcome:
        decision = await pending
        if decision is not None and decision.allowed:
            taken.append((asked, decision))
        elif (refusal := self._refuse(exchange, index, taken, asked, decision)) is not None:
            return refusal
        outcome = self._ask(exchange, index + 1, taken)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    def _admit(self, exchange: Exchange, taken: Taken) -> None:
        items, decisions = _told(taken)
        if items:
            tell_admitted(exchange, items, decisions)
            exchange.limits += tuple(decisions)
        if self._settlement is not None:
            self._settlement.reserve(
                exchange,
                [
                    Reservation(rule, key, tokens, terms.tokens)
                    for (rule, key, terms, tokens), _ in taken
                    if rule.settles
                ],
            )

    def _refuse(
        self, exchange: Exchange, index: int, taken: Taken, asked: Asked, decision: LimitDecision | None
    ) -> Outcome:
        """Say no, and give back what the limits before have given; None for a dry run."""
        rule, _, terms, _ = asked
        if rule.is_dry_run:
            if decision is not None:
                rule.note_dry_run(exchange, terms)
            return None
        if decision is None:
            refusal = terms.answer.unavailable(exchange)
        else:
            items, decisions = _told(taken)
            items = (*items, terms.item, *self._items_behind(exchange, index))
            refusal = terms.answer.refuse(exchange, terms.item.in_units(decision), items)
            exchange.limits += tuple(decisions)
        if refusal is not None:
            for (other, key, _, tokens), _ in taken:
                self._limiter.refund(other.limit, key, tokens, exchange.started)
        return refusal

    def _items_behind(self, exchange: Exchange, index: int) -> list[LimitItem]:
        """What is told of limits that were not asked any more: clients hear of the same policies each time (§3)."""
        behind = [rule for rule in self._rules[index + 1 :] if not rule.is_dry_run and not rule.spares(exchange)]
        return [(rule.fixed or rule.price(exchange))[0].item for rule in behind]


def _told(taken: Taken) -> tuple[tuple[LimitItem, ...], list[LimitDecision]]:
    """What callers hear of: not of dry runs."""
    items, decisions = [], []
    for (rule, _, terms, _), decision in taken:
        if not rule.is_dry_run:
            items.append(terms.item)
            decisions.append(terms.item.in_units(decision))
    return tuple(items), decisions
