"""What the compile steps of `rate_limit` and `quota` have in common: where a limit counts, for whom, and how much."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from hotgate.config.authorization import NOTHING_DECLARED, Authorization
from hotgate.config.status_range import StatusRange, all_statuses
from hotgate.limits.limit import Limit
from hotgate.observe.log import security_event
from hotgate.pipeline.policy import CompileContext, WrongSetting
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.attributes import route_attributes
from hotgate.policies.conditions.condition import Condition, compile_condition
from hotgate.policies.limits.cost_settings import ComputedCost, Cost, ToldCost
from hotgate.policies.limits.limit_cost import AnsweredCost, CostOf, computed_cost
from hotgate.policies.limits.limit_key import KeyMakers, KeySettings
from hotgate.policies.limits.limit_rule import TELL_DRY_RUN, LimitRule
from hotgate.policies.limits.limit_terms import LimitTerms, TermsOf


class RuleSettings(KeySettings, Protocol):
    """A rate limit or a quota, as the file says it."""

    @property
    def name(self) -> str | None:
        """Among those of the route."""

    @property
    def share(self) -> str | None:
        """Among those of all routes."""

    def scope(self, route: str) -> str:
        """Where it counts on a route."""

    @property
    def bucket_terms(self) -> object:
        """What must be equal where buckets are shared."""

    @property
    def cost(self) -> Cost:
        """What a request takes."""

    @property
    def when(self) -> str | None:
        """A condition."""

    @property
    def count(self) -> Sequence[StatusRange]:
        """Statuses of answers that count; all if there are none."""

    @property
    def dry_run(self) -> bool:
        """Whether nobody is refused."""


class RuleCompiler:
    """Of one route's limits of one kind. attributes: what expressions may look at."""

    def __init__(self, context: CompileContext) -> None:
        self._route = context.route_name
        self._tell = context.services.get(TELL_DRY_RUN, security_event)
        self._shared = context.services.get("shared_limits", {})
        self._names: set[tuple[str, str]] = context.services.get("limit_names", set())
        self.attributes: Mapping[str, Attribute] = route_attributes(context)
        declared: Authorization = context.services.get("authorization", NOTHING_DECLARED)
        self._keys = KeyMakers(self.attributes, declared.claims)
        self._scopes: set[str] = set()

    def place(self, settings: RuleSettings, nameless: str) -> tuple[str, str]:
        """Where it counts, and what it is called. nameless: what one is called that the file gives no name.

        Raises WrongSetting for a second limit in the same place, on other terms, or of the same name.
        """
        scope = settings.scope(self._route)
        if settings.share and self._shared.setdefault(scope, settings.bucket_terms) != settings.bucket_terms:
            raise WrongSetting(("share",), "another one with this `share` is on other terms")
        if scope in self._scopes:
            raise WrongSetting(("name",), "another one of the route has the same buckets; give each its own name")
        self._scopes.add(scope)
        return scope, self._taken(settings.name or settings.share or nameless)

    def _taken(self, name: str) -> str:
        """Answers and metrics tell limits of a route apart by their names alone."""
        if (self._route, name) in self._names:
            says = f"the route has another limit or quota called {name!r}; give this one a `name` of its own"
            raise WrongSetting(("name",), says)
        self._names.add((self._route, name))
        return name

    def rule(self, settings: RuleSettings, limit: Limit, terms: LimitTerms | TermsOf) -> LimitRule:
        """The limit as requests meet it. Raises WrongSetting."""
        cost = settings.cost
        return LimitRule(
            limit,
            self._keys.key_of(settings),
            terms=terms,
            cost=self._cost(cost),
            condition=self._condition(settings.when),
            counted=all_statuses(settings.count) if settings.count else None,
            answered_cost=AnsweredCost(cost) if isinstance(cost, ToldCost) else None,
            is_dry_run=settings.dry_run,
            tell=self._tell,
        )

    def _condition(self, source: str | None) -> Condition | None:
        if source is None:
            return None
        try:
            return compile_condition(source, self.attributes)
        except ValueError as error:
            raise WrongSetting(("when",), str(error)) from None

    def _cost(self, cost: Cost) -> int | CostOf:
        if isinstance(cost, ComputedCost):
            return computed_cost(cost, self.attributes)
        return cost.estimate if isinstance(cost, ToldCost) else cost
