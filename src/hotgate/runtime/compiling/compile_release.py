"""What the upstreams of a route ask for themselves, where a release chooses among several."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace

from hotgate.config.routes import Route as RouteSettings
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import PhasedStep
from hotgate.pipeline.route import Outcome, Step


def outgoing_steps(settings: RouteSettings, outgoing: Mapping[str, Sequence[PhasedStep]]) -> Sequence[PhasedStep]:
    """The steps at the end of a route. Where it has a release, each upstream's run for requests to that one alone: the
    credentials of one are never shown to another.
    """
    own, release = settings.upstream or "", settings.policy("release")
    if release is None:
        return outgoing.get(own, ())
    return [
        replace(step, run=_only_toward(name, step.run))
        for name in (own, *release.to)
        for step in outgoing.get(name, ())
    ]


def _only_toward(upstream: str, run: Step) -> Step:
    def step(exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        return run(exchange) if exchange.route.target.name == upstream else None

    return step
