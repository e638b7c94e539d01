"""`authorization.decision_points` → who can be asked. One that has not changed stays, with what it knows."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from hotgate.config.decision_points.decision_point import DecisionPoint as Settings
from hotgate.config.gateway import Gateway
from hotgate.pipeline.decision import Path
from hotgate.pipeline.policy import PhasedStep, WrongSetting, WrongSettings
from hotgate.policies.decision_points.contract import DecisionPoint
from hotgate.policies.decision_points.points import check_upstream, compile_point
from hotgate.upstream.upstream import Upstream

Report = Callable[[Path, str], None]


class InForce(Protocol):
    """The configuration before this one."""

    @property
    def config(self) -> Gateway: ...

    @property
    def upstreams(self) -> Mapping[str, Upstream]: ...

    @property
    def decision_points(self) -> Mapping[str, DecisionPoint]: ...


def compile_decision_points(
    config: Gateway,
    upstreams: Mapping[str, Upstream],
    outgoing: Mapping[str, Sequence[PhasedStep]],
    services: Mapping[str, Any],
    current: InForce | None,
    report: Report,
) -> dict[str, DecisionPoint]:
    """By name. What is wrong is reported, and then there is no such point, so that no route can do without it."""
    points = {}
    for name, settings in config.authorization.decision_points.items():
        path = ("authorization", "decision_points", name, settings.kind)
        make = partial(_compiled, name, settings, config, upstreams, outgoing, services)
        kept = None if current is None else _unchanged(name, settings, upstreams, current)
        try:
            points[name] = kept or make()
        except WrongSettings as error:
            for each in error.problems:
                report((*path, *each.path), str(each))
        except WrongSetting as error:
            report((*path, *error.path), str(error))
    return points


def _compiled(
    name: str,
    settings: Settings,
    config: Gateway,
    upstreams: Mapping[str, Upstream],
    outgoing: Mapping[str, Sequence[PhasedStep]],
    services: Mapping[str, Any],
) -> DecisionPoint:
    service = settings.service
    if service is None:
        return compile_point(name, settings, None, (), services)
    if service.upstream not in upstreams:
        raise WrongSetting(("upstream",), "the upstream cannot be used")
    check_upstream(config.upstreams[service.upstream])
    return compile_point(name, settings, upstreams[service.upstream], outgoing.get(service.upstream, ()), services)


def _unchanged(
    name: str, settings: Settings, upstreams: Mapping[str, Upstream], current: InForce
) -> DecisionPoint | None:
    """The one in force, if it would be made the same. Upstreams that have not changed are the same objects."""
    if current.config.authorization.decision_points.get(name) != settings:
        return None
    asked = settings.service
    if asked is not None and current.upstreams.get(asked.upstream) is not upstreams.get(asked.upstream):
        return None
    return current.decision_points.get(name)
