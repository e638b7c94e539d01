"""All limits of a route, asked in their order: a request passes if every one has room, and takes from all or none."""

from collections.abc import Awaitable, Sequence

from hotgate.limits.decision import LimitDecision
from hotgate.limits.lease_client import LeaseClient
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Outcome
from hotgate.policies.limits.limit_fields import LimitItem, fields_of, tell_least
from hotgate.policies.limits.limit_rule import LimitRule
from hotgate.policies.limits.limit_terms import LimitTerms
from hotgate.policies.limits.settlement import Reservation, Settlement

Asked = tuple[LimitRule, str, LimitTerms, int]
"""A limit, whose bucket, on which terms, and for how many tokens. A plain tuple: others take several times as long."""

Taken = list[tuple[LimitRule, str, LimitTerms, int, int]]
"""The same of each limit that has let pass, and how many tokens are left of it."""


class RateLimits:
    """The compiled step. settlement: of rules that want to see the answer, if there are any."""

    def __init__(self, rules: Sequence[LimitRule], limiter: LeaseClient, settlement: Settlement | None) -> None:
        self._rules = tuple(rules)
        self._limiter = limiter
        self._settlement = settlement
        always = [rule.always for rule in rules if rule.always is not None]
        self._usual = fields_of(tuple(always)) if len(always) == len(rules) else None
        self._has_dry_runs = any(rule.is_dry_run for rule in rules)

    def spend(self, exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        """Take tokens; denied → 429. Returns an awaitable when the authority must be asked."""
        return self._ask(exchange, 0, [])

    def _ask(self, exchange: Exchange, start: int, taken: Taken) -> Outcome | Awaitable[Outcome]:
        key_of, key = None, ""
        limiter = self._limiter
        for index, rule in enumerate(self._rules[start:] if start else self._rules, start):
            if rule.is_conditional and rule.spares(exchange):
                continue
            if rule.key_of is not key_of:
                key_of = rule.key_of
                key = key_of(exchange)
            terms, tokens = rule.fixed or rule.price(exchange)
            if not tokens:
                continue
            left = limiter.take(rule.limit, key, tokens)
            if left is not None:
                taken.append((rule, key, terms, tokens, left))
                continue
            asked = (rule, key, terms, tokens)
            decision = limiter.spend(rule.limit, key, tokens)
            if not (decision is None or isinstance(decision, LimitDecision)):
                return self._ask_later(exchange, index, taken, asked, decision)
            if (refusal := self._decide(exchange, index, taken, asked, decision)) is not None:
                return refusal
        self._admit(exchange, taken)
        return None

    async def _ask_later(
        self, exchange: Exchange, index: int, taken: Taken, asked: Asked, pending: Awaitable[LimitDecision | None]
    ) -> Outcome:
        if (refusal := self._decide(exchange, index, taken, asked, await pending)) is not None:
            return refusal
        outcome = self._ask(exchange, index + 1, taken)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    def _decide(
        self, exchange: Exchange, index: int, taken: Taken, asked: Asked, decision: LimitDecision | None
    ) -> Outcome:
        """Note what one limit has decided. None: the next one may be asked."""
        if decision is None or not decision.allowed:
            return self._refuse(exchange, index, taken, asked, decision)
        taken.append((*asked, decision.remaining))
        return None

    def _admit(self, exchange: Exchange, taken: Taken) -> None:
        told = _told(taken) if self._has_dry_runs else taken
        if told:
            self._tell(exchange, told)
        if self._settlement is not None:
            self._settlement.reserve(exchange, _reservations(taken))

    def _tell(self, exchange: Exchange, told: Taken) -> None:
        usual = self._usual if len(told) == len(self._rules) else None
        fields = usual or fields_of(_items(told))
        if fields.has_drafts:
            figures: tuple[int, ...] = ()
            for _, _, terms, _, left in told:
                figures += terms.item.figures(left)
            fields.tell(exchange, figures)
        if fields.has_legacy:
            tell_least(exchange, [(terms.item, left) for _, _, terms, _, left in told])
        exchange.add_limits(_decisions, told)

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
            told = _told(taken)
            items = (*_items(told), terms.item, *self._items_behind(exchange, index))
            refusal = terms.answer.refuse(exchange, terms.item.decision(0, decision.retry_after, allowed=False), items)
            exchange.add_limits(_decisions, told)
        if refusal is not None:
            for other, key, _, tokens, _ in taken:
                self._limiter.refund(other.limit, key, tokens, exchange.started)
        return refusal

    def _items_behind(self, exchange: Exchange, index: int) -> list[LimitItem]:
        """What is told of limits that were not asked any more: clients hear of the same policies each time (§3)."""
        behind = [rule for rule in self._rules[index + 1 :] if not rule.is_dry_run and not rule.spares(exchange)]
        return [(rule.fixed or rule.price(exchange))[0].item for rule in behind]


def _told(taken: Taken) -> Taken:
    """What callers hear of: not of dry runs."""
    return [each for each in taken if not each[0].is_dry_run]


def _items(told: Taken) -> tuple[LimitItem, ...]:
    return tuple([terms.item for _, _, terms, _, _ in told])


def _reservations(taken: Taken) -> list[Reservation]:
    return [Reservation(rule, key, tokens, terms.tokens) for rule, key, terms, tokens, _ in taken if rule.settles]


def _decisions(told: Taken) -> list[LimitDecision]:
    return [terms.item.decision(left) for _, _, terms, _, left in told]
