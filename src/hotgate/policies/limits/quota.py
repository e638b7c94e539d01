"""`quota: {limit: 10000, per: month, by: consumer}`: how much each caller may use in a period of the calendar.

It is asked after `rate_limit`, so that a burst that is refused there costs none of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hotgate.config.authorization import Authorization
from hotgate.config.status_range import all_statuses
from hotgate.limits.calendar import Calendar
from hotgate.limits.limit import Limit
from hotgate.observe.log import security_event
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.attributes import route_attributes
from hotgate.policies.conditions.condition import Condition, compile_condition
from hotgate.policies.limits.limit_cost import AnsweredCost, CostOf, computed_cost, dearest
from hotgate.policies.limits.limit_key import KeyMakers, shown_by
from hotgate.policies.limits.limit_rule import TELL_DRY_RUN, LimitRule
from hotgate.policies.limits.limit_terms import LimitTerms
from hotgate.policies.limits.limiting_steps import compiled_rules, limiting_steps, take_name
from hotgate.policies.limits.quota_answer import QuotaAnswer, QuotaItem
from hotgate.policies.limits.quota_settings import QuotaSetting, QuotaSettings
from hotgate.policies.limits.rate_limit_settings import ComputedCost, ToldCost

_KEY = "quota"


class _Compiler:
    """Of one route's quotas."""

    def __init__(self, context: CompileContext) -> None:
        self._context = context
        self._attributes: Mapping[str, Attribute] = route_attributes(context)
        declared: Authorization = context.services.get("authorization", Authorization())
        self._keys = KeyMakers(self._attributes, declared.claims)
        self._scopes: set[str] = set()

    def rule(self, settings: QuotaSettings, path: tuple[int, ...]) -> LimitRule:
        """path: of the settings below the policy's key. Raises WrongSetting, with a path below the settings."""
        calendar = Calendar(settings.notation)
        limit = self._limit(settings, calendar)
        if dearest(settings.cost) > settings.limit:
            raise WrongSetting(("cost",), "a request costs more than the whole quota")
        item = QuotaItem(limit.name, quota=limit.quota, longest=limit.window, calendar=calendar)
        answer = QuotaAnswer(
            item,
            path=(*self._context.path, _KEY, *path),
            by=shown_by(settings.by),
            message=settings.message,
            is_open=settings.when_lost == "open",
        )
        return LimitRule(
            limit,
            self._keys.key_of(settings),
            terms=LimitTerms(item, answer),
            cost=self._cost(settings),
            condition=self._condition(settings),
            counted=all_statuses(settings.count) if settings.count else None,
            answered_cost=AnsweredCost(settings.cost) if isinstance(settings.cost, ToldCost) else None,
            is_dry_run=settings.dry_run,
            tell=self._context.services.get(TELL_DRY_RUN, security_event),
        )

    def _limit(self, settings: QuotaSettings, calendar: Calendar) -> Limit:
        route = self._context.route_name
        name = settings.name or settings.share or _KEY
        scope = f"quota/{route}/{settings.name}" if settings.name else f"quota/{route}"
        if settings.share:
            scope = f"shared-quota/{settings.share}"
            shared = self._context.services.get("shared_quotas", {})
            if shared.setdefault(settings.share, settings.bucket_terms) != settings.bucket_terms:
                raise WrongSetting(("share",), "another quota of this name is on other terms")
        if scope in self._scopes:
            raise WrongSetting(("name",), "another quota of the route is counted in the same place; name each of them")
        self._scopes.add(scope)
        take_name(name, self._context)
        return Limit(scope, name=name, quota=settings.limit, window=settings.longest, kind="period", calendar=calendar)

    def _condition(self, settings: QuotaSettings) -> Condition | None:
        if settings.when is None:
            return None
        try:
            return compile_condition(settings.when, self._attributes)
        except ValueError as error:
            raise WrongSetting(("when",), str(error)) from None

    def _cost(self, settings: QuotaSettings) -> int | CostOf:
        if isinstance(settings.cost, ComputedCost):
            return computed_cost(settings.cost, self._attributes)
        return settings.cost.estimate if isinstance(settings.cost, ToldCost) else settings.cost


def compile_quota(settings: Any, context: CompileContext) -> Sequence[PhasedStep]:
    """The steps. The service "limiter" may be missing in a check."""
    rules = compiled_rules(settings, _Compiler(context).rule)
    return limiting_steps(rules, context.services)


POLICY = PolicySpec(_KEY, QuotaSetting, compile_quota)
