"""What decides besides the steps of a route: a listener that redirects, shedding, an upstream with nobody left.

The first is in the file. The others are known to the workers of a running gateway, each of which sees them for itself.
"""

from collections.abc import Iterable, Sequence

from hotgate.config.listeners import Listener
from hotgate.config.loader import Loaded
from hotgate.control.api.explain import ExplainedStep
from hotgate.edge import answers
from hotgate.http.response import Response
from hotgate.limits.concurrency.priority import Priority
from hotgate.pipeline.shedding import shed_answers
from hotgate.runtime.explaining.places import step_at
from hotgate.runtime.workers.worker_view import WorkerView
from hotgate.upstream.failure import unavailable, unresolved

Views = Sequence[WorkerView | None]

_REDIRECT = "redirect_https"
_FAILURES = {failure("").kind: failure for failure in (unavailable, unresolved)}


class GatewaySteps:
    """Makes them for requests to one configuration."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    def redirecting(self, scheme: str) -> tuple[ExplainedStep, int | None] | None:
        """Where a request of this scheme comes in; None if no listener there redirects. The port of https if each does;
        else the step only says which do.
        """
        there = [*enumerate(self._loaded.config.listeners)]
        listeners = [each for each in there if _takes(each[1], scheme)] or there
        redirecting = [(index, each) for index, each in listeners if each.redirect_https is not None]
        if not redirecting:
            return None
        index, first = redirecting[0]
        step = step_at(self._loaded, "listener", _REDIRECT, ("listeners", index, _REDIRECT), "skipped")
        if len(redirecting) == len(listeners):
            return step, first.redirect_https
        names = ", ".join(each.name for _, each in redirecting)
        step.notes.append(f"what comes to {names} would be redirected; taken as coming to another listener")
        return step, None

    def shedding(self, views: Views, priority: Priority) -> tuple[ExplainedStep, Response | None] | None:
        """Whether requests of this class are given up just now; None if not. An answer only if every worker does so."""
        chances = [0.0 if view is None else view.chances.get(priority.label, 0.0) for view in views]
        if not any(chances):
            return None
        worst = max((view for view in views if view), key=lambda view: view.chances.get(priority.label, 0.0))
        step = step_at(self._loaded, "overload", worst.cause, ("overload", worst.cause), "passed")
        step.notes.append(f"{_percent(chances)} of {priority.label} requests are given up just now: {worst.cause}")
        if min(chances) < 1.0:
            return step, None
        return _refused(step, shed_answers(worst.cause, 1)[0])

    def upstream(self, name: str, views: Views) -> tuple[ExplainedStep, Response | None] | None:
        """What workers say of the targets; None if all are in service. An answer if none has anybody to ask."""
        told = [view for view in views if view is not None]
        failing = [view.refusal for view in told if view.refusal in _FAILURES]
        notes = [*_out_of_service(told), *_silence(told, views)]
        if failing and len(failing) < len(views):
            notes.append(f"{len(failing)} of {len(views)} workers have nobody to ask: {failing[0]}")
        if not notes and not failing:
            return None
        step = step_at(self._loaded, "upstream", name, ("upstreams", name), "passed", notes)
        if not failing or len(failing) < len(views):
            return step, None
        return _refused(step, answers.upstream_failed(_FAILURES[failing[0]](name)))


def _takes(listener: Listener, scheme: str) -> bool:
    """Whether requests of this scheme may come there; those behind a proxy that ends TLS have the scheme it tells."""
    if scheme == "https":
        return listener.tls is not None or bool(listener.trusted_proxies)
    return listener.tls is None


def _out_of_service(told: Sequence[WorkerView]) -> Iterable[str]:
    """One line for each target, as the first worker sees it that does not use it."""
    reasons: dict[str, list[str]] = {}
    for view in told:
        for target, reason in view.out.items():
            reasons.setdefault(target, []).append(reason)
    for target, each in reasons.items():
        where = "" if len(each) == len(told) else f" (at {len(each)} of {len(told)} workers)"
        yield f"{target} is out of service: {each[0]}{where}"
    if any(view.in_panic for view in told):
        yield "too few targets are in service: all are asked (`panic_threshold`)"


def _silence(told: Sequence[WorkerView], views: Views) -> Iterable[str]:
    if not told:
        yield "no worker said whether its targets are in service"
    elif len(told) < len(views):
        yield f"{len(views) - len(told)} of {len(views)} workers did not say whether its targets are in service"


def _percent(chances: Sequence[float]) -> str:
    least, most = (round(100 * chance) for chance in (min(chances), max(chances)))
    return f"{most} %" if least == most else f"{least} to {most} %, by worker,"


def _refused(step: ExplainedStep, response: Response) -> tuple[ExplainedStep, Response]:
    step.outcome, step.status, step.code, step.reason = "refused", response.status, response.code, response.log_detail
    return step, response
