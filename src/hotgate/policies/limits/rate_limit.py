"""`rate_limit: {limit: 100/minute, by: principal}`: how many requests each caller may make. One limit, or several."""

from collections.abc import Sequence
from typing import Any

from hotgate.config.units import Rate
from hotgate.limits.limit import MAX_QUOTA, Limit
from hotgate.limits.sliding_window import SlidingWindow
from hotgate.limits.token_bucket import TokenBucket
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting
from hotgate.policies.conditions.condition import compile_text
from hotgate.policies.limits.cost_settings import ToldCost
from hotgate.policies.limits.limit_answer import LimitAnswer
from hotgate.policies.limits.limit_cost import dearest
from hotgate.policies.limits.limit_fields import LimitItem
from hotgate.policies.limits.limit_key import shown_by
from hotgate.policies.limits.limit_rule import LimitRule
from hotgate.policies.limits.limit_terms import LimitTerms, TermsOf, Tiers, tokens_of_window
from hotgate.policies.limits.limiting_steps import compiled_rules, limiting_steps
from hotgate.policies.limits.rate_limit_settings import RateLimitSetting, RateLimitSettings
from hotgate.policies.limits.rule_compiler import RuleCompiler

_KEY = "rate_limit"
_KINDS = {"token_bucket": TokenBucket.KIND, "sliding_window": SlidingWindow.KIND}


class _Compiler(RuleCompiler):
    """Of one route's limits."""

    def __init__(self, context: CompileContext) -> None:
        super().__init__(context)
        self._path = (*context.path, _KEY)

    def rate_limit(self, settings: RateLimitSettings, path: tuple[int, ...]) -> LimitRule:
        """path: of the settings below the policy's key. Raises WrongSetting, with a path below the settings."""
        limit = self._limit(settings)
        return self.rule(settings, limit, self._terms(settings, limit, (*self._path, *path)))

    def _limit(self, settings: RateLimitSettings) -> Limit:
        scope, name = self.place(settings, self._route)
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
                expression = compile_text(settings.tier, self.attributes)
            except ValueError as error:
                raise WrongSetting(("tier",), str(error)) from None
        return Tiers(default, {name: of(rate) for name, rate in settings.tiers.items()}, expression).terms_of


def _check_cost(settings: RateLimitSettings, limit: Limit, item: LimitItem) -> None:
    """What is taken at once must fit into the bucket; what an answer says is charged later, and may be more."""
    if dearest(settings.cost) * item.tokens > limit.capacity:
        raise WrongSetting(("cost",), f"costs more than a bucket of {item.shown_rate} ever holds; raise `burst`")
    if isinstance(settings.cost, ToldCost) and settings.cost.most * item.tokens > MAX_QUOTA:
        raise WrongSetting(("cost", "most"), "is too much to be counted in tokens that fit all `tiers`")


def compile_rate_limit(settings: Any, context: CompileContext) -> Sequence[PhasedStep]:
    """One step, and two more for limits that want to see answers. The service "limiter" may be missing in a check."""
    rules = compiled_rules(settings, _Compiler(context).rate_limit)
    return limiting_steps(rules, context.services)


POLICY = PolicySpec(_KEY, RateLimitSetting, compile_rate_limit)
