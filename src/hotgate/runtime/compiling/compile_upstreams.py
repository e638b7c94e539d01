"""Upstreams, and what each asks for at the end of its routes: credentials, signatures, a place."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.config.upstreams import Upstream as UpstreamSettings
from hotgate.limits.concurrency.place_book import KeyedPlaces, PlacePlan
from hotgate.limits.concurrency.worker_share import WorkerShare, too_few
from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.policy import PhasedStep
from hotgate.policies.limits.concurrency import upstream_steps
from hotgate.policies.outgoing import OUTGOING
from hotgate.runtime.compiling.compile_upstream import compile_upstream, place_rules
from hotgate.runtime.compiling.compiled import Parts
from hotgate.runtime.compiling.problems import Problems
from hotgate.upstream.upstream import Upstream


def compile_upstreams(config: Gateway, parts: Parts, plan: PlacePlan, problems: Problems) -> dict[str, Upstream]:
    """Unchanged upstreams stay as they are, with their pools."""
    current = parts.current
    upstreams = {}
    share = parts.services.get("worker_share", WorkerShare())
    for name, settings in config.upstreams.items():
        places = _places_of(name, settings, plan, share)
        if settings.concurrency is not None and (wrong := too_few(settings.concurrency.limit, config.workers)):
            problems.report(("upstreams", name, "concurrency", "limit"), wrong)
        if current is not None and current.config.upstreams.get(name) == settings:
            upstreams[name] = current.upstreams[name]
        else:
            compiler = partial(compile_upstream, name, settings, parts.metrics.upstream(name), parts.outbox, places)
            upstream = problems.attempt(("upstreams", name, "tls"), compiler)
            if upstream is not None:
                upstreams[name] = upstream
    return upstreams


def compile_outgoing(config: Gateway, services: dict[str, Any], problems: Problems) -> dict[str, Sequence[PhasedStep]]:
    """What each upstream asks for at the end of its routes."""
    steps: dict[str, Sequence[PhasedStep]] = {}
    for name, settings in config.upstreams.items():
        context = OutgoingContext(name, settings, services)
        for key, compiler in OUTGOING.items():
            if getattr(settings, key) is not None:
                compiled = problems.attempt(("upstreams", name, key), partial(compiler, context)) or ()
                steps[name] = (*steps.get(name, ()), *compiled)
    return steps


def with_places(
    outgoing: Mapping[str, Sequence[PhasedStep]], upstreams: Mapping[str, Upstream]
) -> dict[str, Sequence[PhasedStep]]:
    """And the place with each upstream that counts them: taken last of all, when the request is ready to go."""
    steps = dict(outgoing)
    for name, upstream in upstreams.items():
        if upstream.places is not None:
            steps[name] = (*steps.get(name, ()), *upstream_steps(name, upstream.places))
    return steps


def _places_of(name: str, settings: UpstreamSettings, plan: PlacePlan, share: WorkerShare) -> KeyedPlaces | None:
    if settings.concurrency is None:
        return None
    return plan.open(f"upstreams/{name}", place_rules(settings.concurrency, share))
