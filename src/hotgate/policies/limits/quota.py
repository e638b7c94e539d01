"""`quota: {limit: 10000, per: month, by: consumer}`: how much each caller may use in a period of the calendar.

It is asked after `rate_limit`, so that a burst that is refused there costs none of it.
"""

from collections.abc import Sequence
from typing import Any

from hotgate.limits.limit import Limit
from hotgate.limits.quotas.calendar import Calendar
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting
from hotgate.policies.limits.limit_cost import dearest
from hotgate.policies.limits.limit_key import shown_by
from hotgate.policies.limits.limit_rule import LimitRule
from hotgate.policies.limits.limit_terms import LimitTerms
from hotgate.policies.limits.limiting_steps import compiled_rules, limiting_steps
from hotgate.policies.limits.quota_answer import QuotaAnswer, QuotaItem
from hotgate.policies.limits.quota_settings import QuotaSetting, QuotaSettings
from hotgate.policies.limits.rule_compiler import RuleCompiler

_KEY = "quota"


class _Compiler(RuleCompiler):
    """Of one route's quotas."""

    def __init__(self, context: CompileContext) -> None:
        super().__init__(context)
        self._path = (*context.path, _KEY)

    def quota(self, settings: QuotaSettings, path: tuple[int, ...]) -> LimitRule:
        """path: of the settings below the policy's key. Raises WrongSetting, with a path below the settings."""
        calendar = Calendar(settings.notation)
        scope, name = self.place(settings, _KEY)
        limit = Limit(scope, name=name, quota=settings.limit, window=settings.longest, kind="period", calendar=calendar)
        if dearest(settings.cost) > settings.limit:
            raise WrongSetting(("cost",), "a request costs more than the whole quota")
        item = QuotaItem(limit.name, quota=limit.quota, longest=limit.window, calendar=calendar)
        answer = QuotaAnswer(
            item,
            path=(*self._path, *path),
            by=shown_by(settings.by),
            message=settings.message,
            is_open=settings.when_lost == "open",
        )
        return self.rule(settings, limit, LimitTerms(item, answer))


def compile_quota(settings: Any, context: CompileContext) -> Sequence[PhasedStep]:
    """The steps. The service "limiter" may be missing in a check."""
    rules = compiled_rules(settings, _Compiler(context).quota)
    return limiting_steps(rules, context.services)


POLICY = PolicySpec(_KEY, QuotaSetting, compile_quota)
