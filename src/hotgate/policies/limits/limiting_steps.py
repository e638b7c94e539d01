"""From the settings of a policy that limits, one or a list of them, to the steps of its route."""

from collections.abc import Callable, Mapping
from typing import Any

from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, WrongSetting, WrongSettings
from hotgate.policies.limits.limit_rule import LimitRule
from hotgate.policies.limits.rate_limits import RateLimits
from hotgate.policies.limits.settlement import Settlement


def take_name(name: str, context: CompileContext) -> None:
    """Answers and metrics tell limits of a route apart by their names alone. Raises WrongSetting."""
    taken: set[tuple[str, str]] = context.services.get("limit_names", set())
    if (context.route_name, name) in taken:
        raise WrongSetting(
            ("name",), f"the route has another limit or quota called {name!r}; give this one a `name` of its own"
        )
    taken.add((context.route_name, name))


def compiled_rules(settings: Any, rule: Callable[[Any, tuple[int, ...]], LimitRule]) -> list[LimitRule]:
    """rule: compiles one, which stands at such a place below the policy's key. Raises WrongSettings."""
    several = isinstance(settings, tuple)
    rules: list[LimitRule] = []
    problems: list[WrongSetting] = []
    for index, each in enumerate(settings if several else (settings,)):
        path = (index,) if several else ()
        try:
            rules.append(rule(each, path))
        except WrongSetting as error:
            problems.append(WrongSetting((*path, *error.path), str(error)))
    if problems:
        raise WrongSettings(problems)
    return rules


def limiting_steps(rules: list[LimitRule], services: Mapping[str, Any]) -> list[PhasedStep]:
    """One step, and two more for limits that want to see answers.

    services: "limiter" may be missing where a file is only checked; "limits" are told of those there are.
    """
    limiter: Any = services.get("limiter")
    services.get("limits", {}).update({rule.limit.scope: rule.limit for rule in rules})
    if not any(rule.settles for rule in rules):
        return [PhasedStep(Phase.LIMIT, RateLimits(rules, limiter, None).spend)]
    settlement = Settlement(limiter)
    return [
        PhasedStep(Phase.LIMIT, RateLimits(rules, limiter, settlement).spend),
        PhasedStep(Phase.RESPOND, settlement.on_answer),
        PhasedStep(Phase.FINISH, settlement.on_end),
    ]
