"""`priority` of a route and `priorities:` of the file → the class of a request (`pipeline/route_priority.py`)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.config.priorities import Priorities, PriorityName, PriorityRule
from hotgate.limits.priority import Priority, priority_of
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep
from hotgate.pipeline.route_priority import RoutePriority
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.attributes import route_attributes
from hotgate.policies.conditions.condition import Condition, ConditionFailed, compile_condition

# What a client may write as it likes. Not path, method and host: they say what is asked for. A size is 0 where none is
# declared, as that of a chunked body.
_CLIENTS_CHOICE = frozenset({"request.headers", "request.query", "request.query_lists", "request.size"})


@dataclass(frozen=True, slots=True)
class _Rule:
    condition: Condition
    priority: Priority

    def holds(self, exchange: Exchange) -> bool:
        """A condition that fails holds only where nobody gains by it: a client may be able to make it fail."""
        try:
            return self.condition.holds(exchange)
        except ConditionFailed:
            return self.priority > Priority.NORMAL


class CallerPriorities:
    """Which class a caller has, by rules and by tier. best: the best that any caller can have."""

    def __init__(self, rules: tuple[_Rule, ...], tiers: Mapping[str, Priority]) -> None:
        self._rules = rules
        self._tiers = tiers
        self.best = min([rule.priority for rule in rules] + [*tiers.values(), Priority.NORMAL])

    def of(self, exchange: Exchange) -> Priority:
        """The class of a request whose caller is known."""
        for rule in self._rules:
            if rule.holds(exchange):
                return rule.priority
        principal = exchange.principal
        tier = None if principal is None else principal.tier
        return Priority.NORMAL if tier is None else self._tiers.get(tier, Priority.NORMAL)


def compile_priorities(
    settings: Priorities, services: Mapping[str, Any], wrong: Callable[[int, str], None]
) -> CallerPriorities | None:
    """None if the file says nothing of callers. wrong: is told of each rule that cannot be used, by its index."""
    if not settings.rules and not settings.tiers:
        return None
    attributes = route_attributes(CompileContext("", services=services))
    del attributes["route.metadata"]  # a route that has a class says so itself
    rules = tuple(_rules(settings.rules, attributes, wrong))
    return CallerPriorities(rules, {tier: priority_of(name) for tier, name in settings.tiers.items()})


def _rules(
    settings: tuple[PriorityRule, ...], attributes: Mapping[str, Attribute], wrong: Callable[[int, str], None]
) -> Iterator[_Rule]:
    for index, rule in enumerate(settings):
        try:
            condition = compile_condition(rule.when, attributes)
        except ValueError as error:
            wrong(index, str(error))
            continue
        if not rule.client_chooses and _CLIENTS_CHOICE & condition.attributes.keys():
            wrong(index, "it looks at what clients choose; if that is what you want, say `client_chooses: true`")
        yield _Rule(condition, priority_of(rule.priority))


def route_priority(name: PriorityName | None, callers: CallerPriorities | None) -> RoutePriority:
    """What the file says of a route goes before what it says of callers."""
    if name is not None:
        return RoutePriority(priority_of(name))
    return RoutePriority() if callers is None else RoutePriority(callers.best, callers.of)


def shedding_steps(priority: RoutePriority, services: Mapping[str, Any]) -> list[PhasedStep]:
    """Behind `authenticate`, where the caller decides about the class. Without a worker, nothing is shed."""
    shedding = services.get("shedding")
    if priority.of is None or shedding is None:
        return []
    return [PhasedStep(Phase.AUTHENTICATE, shedding.once_caller_is_known, policy="priority")]
