"""One limit of a route, compiled: whom it is for, whose bucket, how many tokens, and what is told of it."""

from collections.abc import Callable

from hotgate.limits.limit import Limit
from hotgate.observe.log import security_event
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.condition import Condition, ConditionFailed
from hotgate.policies.limits.limit_cost import AnsweredCost, CostOf
from hotgate.policies.limits.limit_fields import LimitItem
from hotgate.policies.limits.limit_key import KeyOf
from hotgate.policies.limits.limit_terms import LimitTerms, TermsOf

TELL_DRY_RUN = "tell_dry_run"  # the service that tells the log of them; `security_event` if there is none
DRY_RUN = "rate_limit.dry_run"  # in the exchange's state: the decisions that dry runs would have made
_TOLD_EVERY = 10.0  # seconds: an attack must not fill the log


class LimitRule:
    """fixed: terms and tokens, if they are the same for all requests; otherwise `price` says them.

    counted: statuses of answers that count, or None for all. answered_cost: if the answer says it. tell: the log, of
    what a dry run would have refused.
    """

    __slots__ = (
        "_condition",
        "_cost_of",
        "_name",
        "_since_told",
        "_tell",
        "_terms_of",
        "_told_at",
        "answered_cost",
        "counted",
        "fixed",
        "is_conditional",
        "is_dry_run",
        "key_of",
        "limit",
    )

    def __init__(
        self,
        limit: Limit,
        key_of: KeyOf,
        *,
        terms: LimitTerms | TermsOf,
        cost: int | CostOf,
        condition: Condition | None = None,
        counted: frozenset[int] | None = None,
        answered_cost: AnsweredCost | None = None,
        is_dry_run: bool = False,
        tell: Callable[..., None] = security_event,
    ) -> None:
        self.limit = limit
        self.key_of = key_of
        self.fixed: tuple[LimitTerms, int] | None = None
        if isinstance(terms, LimitTerms):
            self._terms_of: TermsOf = lambda exchange: terms
            self.fixed = (terms, terms.tokens * cost) if isinstance(cost, int) else None
        else:
            self._terms_of = terms
        self._cost_of: CostOf = (lambda exchange: cost) if isinstance(cost, int) else cost
        self._condition = condition
        self.is_conditional = condition is not None
        self.counted = counted
        self.answered_cost = answered_cost
        self.is_dry_run = is_dry_run
        self._name = limit.name
        self._tell = tell
        self._told_at = -_TOLD_EVERY
        self._since_told = 0

    @property
    def always(self) -> LimitItem | None:
        """What clients hear of, if it is the same with every request."""
        if self.fixed is None or self._condition is not None or self.is_dry_run:
            return None
        terms, tokens = self.fixed
        return terms.item if tokens else None

    @property
    def settles(self) -> bool:
        """Whether the answer says what the request takes in the end."""
        return self.counted is not None or self.answered_cost is not None

    def spares(self, exchange: Exchange) -> bool:
        """Whether the limit is not for this request. A condition that fails spares nobody."""
        if self._condition is None:
            return False
        try:
            return not self._condition.holds(exchange)
        except ConditionFailed:
            return False

    def price(self, exchange: Exchange) -> tuple[LimitTerms, int]:
        """The terms of the caller, and the tokens that this request takes."""
        terms = self._terms_of(exchange)
        return terms, terms.tokens * self._cost_of(exchange)

    def note_dry_run(self, exchange: Exchange, terms: LimitTerms) -> None:
        """Tell who would have been refused: each time in metrics and to `explain`, now and then in the log."""
        exchange.route.recorder.over_limit(self._name, "dry-run")
        exchange.state[DRY_RUN] = (*exchange.state.get(DRY_RUN, ()), terms.answer.exceeded)
        self._since_told += 1
        if exchange.started - self._told_at >= _TOLD_EVERY:
            facts = {"limit": self._name, "route": exchange.route.name, "client": exchange.client}
            self._tell("rate-limit-dry-run", **facts, requests=self._since_told)
            self._told_at, self._since_told = exchange.started, 0
