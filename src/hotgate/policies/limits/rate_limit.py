"""`rate_limit: {limit: 100/minute, by: principal}`: how many requests each caller may make. One limit, or several."""

from collections.abc import Mapping, Sequence
from typing import Any

from hotgate.config.authorization import Authorization
from hotgate.config.status_range import all_statuses
from hotgate.config.units import Rate
from hotgate.limits.limit import MAX_QUOTA, Limit
from hotgate.limits.sliding_window import SlidingWindow
from hotgate.limits.token_bucket import TokenBucket
from hotgate.observe.log import security_event
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.attributes import route_attributes
from hotgate.policies.conditions.condition import Condition, compile_condition, compile_text
from hotgate.policies.limits.limit_answer import LimitAnswer
from hotgate.policies.limits.limit_cost import AnsweredCost, CostOf, computed_cost, dearest
from hotgate.policies.limits.limit_fields import LimitItem
from hotgate.policies.limits.limit_key import KeyMakers, shown_by
from hotgate.policies.limits.limit_rule import TELL_DRY_RUN, LimitRule
from hotgate.policies.limits.limit_terms import LimitTerms, TermsOf, Tiers, tokens_of_window
from hotgate.policies.limits.limiting_steps import compiled_rules, limiting_steps, take_name
from hotgate.policies.limits.rate_limit_settings import ComputedCost, RateLimitSetting, RateLimitSettings, ToldCost

_KEY = "rate_limit"
_KINDS = {"token_bucket": TokenBucket.KIND, "sliding_window": SlidingWindow.KIND}


class _Compiler:
    """Of one route's limits."""

    def __init__(self, context: CompileContext) -> None:
        self._context = context
        self._attributes: Mapping[str, Attribute] = route_attributes(context)
        declared: Authorization = context.services.get("authorization", Authorization())
        self._keys = KeyMakers(self._attributes, declared.claims)
        self._scopes: set[str] = set()

    def rule(self, settings: RateLimitSettings, path: tuple[int, ...]) -> LimitRule:
        """path: of the settings below the policy's key. Raises WrongSetting, with a path below the settings."""
        limit = self._limit(settings)
        terms = self._terms(settings, limit, (*self._context.path, _KEY, *path))
        return LimitRule(
            limit,
            self._keys.key_of(settings),
            terms=terms,
            cost=self._cost(settings),
            condition=self._condition(settings),
            counted=all_statuses(settings.count) if settings.count else None,
            answered_cost=AnsweredCost(settings.cost) if isinstance(settings.cost, ToldCost) else None,
            is_dry_run=settings.dry_run,
            tell=self._context.services.get(TELL_DRY_RUN, security_event),
        )

    def _limit(self, settings: RateLimitSettings) -> Limit:
        route = self._context.route_name
        name = settings.name or settings.share or route
        scope = f"route/{route}/{settings.name}" if settings.name else f"route/{route}"
        if settings.share:
            scope = f"share/{settings.share}"
            shared = self._context.services.get("shared_limits", {})
            if shared.setdefault(settings.share, settings.bucket_terms) != settings.bucket_terms:
                raise WrongSetting(("share",), "another limit shares these buckets on other terms")
        if scope in self._scopes:
            raise WrongSetting(("name",), "another limit of the route has the same buckets; give each its own name")
        self._scopes.add(scope)
        take_name(name, self._context)
        tokens = tokens_of_window(settings.limit, settings.tiers.values())
        burst = (settings.burst or settings.limit.count) * (tokens // settings.limit.count)
        kind = _KINDS[settings.algorithm]
        return Limit(scope, name=name, quota=tokens, window=settings.limit.window, burst=burst, kind=kind)

    def _terms(self, settings: RateLimitSettings, limit: Limit, path: tuple[str | int, ...]) -> LimitTerms | TermsOf:
        def of(rate: Rate) -> LimitTerms:
            item = LimitItem(
                limit.name,
                quota=rate.count,
                window=rate.window,
                capacity=limit.capacity * rate.count // limit.quota,
                tokens=limit.quota // rate.count,
                unit=settings.unit,
                headers=settings.headers,
            )
            answer = LimitAnswer(item, policy=_KEY, path=path, by=shown_by(settings.by), message=settings.message)
            _check_cost(settings, limit, item)
            return LimitTerms(item, answer)

        default = of(settings.limit)
        if not settings.tiers:
            return default
        expression = None
        if settings.tier is not None:
            try:
                expression = compile_text(settings.tier, self._attributes)
            except ValueError as error:
                raise WrongSetting(("tier",), str(error)) from None
        return Tiers(default, {name: of(rate) for name, rate in settings.tiers.items()}, expression).terms_of

    def _cost(self, settings: RateLimitSettings) -> int | CostOf:
        if isinstance(settings.cost, ComputedCost):
            return computed_cost(settings.cost, self._attributes)
        return settings.cost.estimate if isinstance(settings.cost, ToldCost) else settings.cost

    def _condition(self, settings: RateLimitSettings) -> Condition | None:
        if settings.when is None:
            return None
        try:
            return compile_condition(settings.when, self._attributes)
        except ValueError as error:
            raise WrongSetting(("when",), str(error)) from None


def _check_cost(settings: RateLimitSettings, limit: Limit, item: LimitItem) -> None:
    """What is taken at once must fit into the bucket; what an answer says is charged later, and may be more."""
    if dearest(settings.cost) * item.tokens > limit.capacity:
        raise WrongSetting(("cost",), f"costs more than a bucket of {item.shown_rate} ever holds; raise `burst`")
    if isinstance(settings.cost, ToldCost) and settings.cost.most * item.tokens > MAX_QUOTA:
        raise WrongSetting(("cost", "most"), "is too much to be counted in tokens that fit all `tiers`")


def compile_rate_limit(settings: Any, context: CompileContext) -> Sequence[PhasedStep]:
    """One step, and two more for limits that want to see answers. The service "limiter" may be missing in a check."""
    rules = compiled_rules(settings, _Compiler(context).rule)
    return limiting_steps(rules, context.services)


POLICY = PolicySpec(_KEY, RateLimitSetting, compile_rate_limit)
