"""One route's settings → its pipeline: steps in the fixed order of the phases, whatever the order of keys."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hotgate.config.routes import Redirect, Respond, Rewrite
from hotgate.config.routes import Route as RouteSettings
from hotgate.http.headers import Field, Headers, valid_field
from hotgate.http.response import Response
from hotgate.identity.sessions.cookies import without_own
from hotgate.keys.key_ring import RingHolder
from hotgate.pipeline.decision import Path, StepLabel
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, WrongSetting, WrongSettings
from hotgate.pipeline.route import Route, Step
from hotgate.pipeline.route_priority import RoutePriority
from hotgate.policies import POLICIES
from hotgate.policies.limits.concurrency import max_concurrent_steps
from hotgate.policies.limits.priorities import route_priority, shedding_steps
from hotgate.policies.published_keys import publishing_keys
from hotgate.runtime.compiling.compile_resources import challenge_parameter
from hotgate.runtime.compiling.observing import Observing
from hotgate.upstream.upstream import Upstream

_POLICIES = {policy.name: policy for policy in POLICIES}


def compile_route(
    settings: RouteSettings,
    context: CompileContext,
    upstream: Upstream | None,
    recorder: Any,
    problems: list[tuple[Path, str]],
) -> Route:
    """The route, wired. What is wrong is added to `problems` as (keys of the file, message)."""
    observing: Observing = context.services.get("observing", Observing())
    steps = list(observing.first)
    names = [name for name in _POLICIES if settings.policy(name) is not None]
    last_names = [name for name in names if _POLICIES[name].sees_last_form]
    for name in names:
        if name not in last_names:
            steps += _policy_steps(name, settings, context, problems)
    priority = route_priority(settings.priority, context.services.get("caller_priorities"))
    steps += _built_in_limits(settings, priority, context)
    if context.services.get("has_cookies"):  # on every route: whoever has the cookie of a session is its user
        steps.append(PhasedStep(Phase.SHAPE, _take_own_cookies, policy="cookies"))
    steps += _last_steps(settings, context.services)
    for name in last_names:
        steps += _policy_steps(name, settings, context, problems)
    if settings.public and any(step.needs_credential for step in context.outgoing):
        problems.append(
            ((*context.path, "public"), "the upstream is shown a token in exchange for the caller's; here is none")
        )
    steps += _labelled("upstream", context.outgoing)
    steps += observing.last
    return _assembled(settings, context.path, steps, priority, observing, upstream, recorder)


def _built_in_limits(settings: RouteSettings, priority: RoutePriority, context: CompileContext) -> list[PhasedStep]:
    steps = shedding_steps(priority, context.services)
    if settings.max_concurrent is not None:
        steps += _labelled("max_concurrent", max_concurrent_steps(settings.max_concurrent, context))
    return steps


def _policy_steps(
    name: str, settings: RouteSettings, context: CompileContext, problems: list[tuple[Path, str]]
) -> list[PhasedStep]:
    try:
        return _labelled(name, _POLICIES[name].compile(settings.policy(name), context))
    except WrongSettings as error:
        problems += [_located(each, (*context.path, name)) for each in error.problems]
    except ValueError as error:
        problems.append(_located(error, (*context.path, name)))
    return []


def _located(error: ValueError, place: Path) -> tuple[Path, str]:
    """place: of the policy's key."""
    if not isinstance(error, WrongSetting):
        return place, str(error)
    return error.path if error.is_of_file else (*place, *error.path), str(error)


def _labelled(name: str, steps: Iterable[PhasedStep]) -> list[PhasedStep]:
    return [step if step.policy else replace(step, policy=name) for step in steps]


def _assembled(
    settings: RouteSettings,
    path: Path,
    steps: list[PhasedStep],
    priority: RoutePriority,
    observing: Observing,
    upstream: Upstream | None,
    recorder: Any,
) -> Route:
    before = sorted((step for step in steps if step.phase <= Phase.SHAPE), key=lambda step: step.phase)
    limits = [step.body_limit for step in before if step.body_limit]
    labels = [StepLabel(step.phase.name.lower(), step.policy, step.path or (*path, step.policy)) for step in before]
    return Route(
        settings.name,
        before=[observing.watched(step.run, label) for step, label in zip(before, labels, strict=True)],
        after=[step.run for step in reversed(steps) if step.phase is Phase.RESPOND],
        finish=[step.run for step in steps if step.phase is Phase.FINISH],
        labels=labels,
        body_step=next((index for index, step in enumerate(before) if step.body_limit), -1),
        body_limit=min(limits, default=0),
        place_step=next((index for index, step in enumerate(before) if step.is_place), None),
        max_body=settings.max_body,
        copied_body=max((step.copied_body for step in before), default=-1),
        owned_fields=frozenset().union(*(step.owned_fields for step in steps)),
        challenge_parameter=challenge_parameter(settings),
        tells_identity=settings.identity_headers,
        priority=priority,
        target=upstream,
        recorder=recorder,
    )


def _last_steps(settings: RouteSettings, services: Mapping[str, Any]) -> Sequence[PhasedStep]:
    """What stands behind every policy: a changed path, or an answer in the backend's place."""
    if settings.redirect is not None:
        return [PhasedStep(Phase.SHAPE, redirecting(settings.redirect), policy="redirect")]
    if settings.respond is not None:
        if settings.respond.jwks:
            signing = services.get("signing", RingHolder())
            return [
                PhasedStep(Phase.SHAPE, publishing_keys(signing, _given_fields(settings.respond)), policy="respond")
            ]
        return [PhasedStep(Phase.SHAPE, responding(settings.respond), policy="respond")]
    if settings.rewrite is not None:
        return [PhasedStep(Phase.SHAPE, rewriting(settings.rewrite, settings.match.path), policy="rewrite")]
    return []


def _take_own_cookies(exchange: Exchange) -> None:
    without_own(exchange.request)


def redirecting(settings: Redirect) -> Step:
    """Answers with a redirect."""
    field = valid_field(b"location", settings.to.encode("ascii"))

    def redirect(exchange: Exchange) -> Response:
        return Response(settings.status, Headers([field]))

    return redirect


def responding(settings: Respond) -> Step:
    """Answers with fixed content."""
    fields = _given_fields(settings)
    body = settings.body.encode()
    if body and not any(name == b"content-type" for name, _ in fields):
        fields.append((b"content-type", b"text/plain; charset=utf-8"))

    def respond(exchange: Exchange) -> Response:
        return Response(settings.status, Headers(list(fields)), body)

    return respond


def _given_fields(settings: Respond) -> list[Field]:
    return [valid_field(name.encode("ascii"), value.encode("latin-1")) for name, value in settings.headers.items()]


def rewriting(settings: Rewrite, matched: str) -> Step:
    """Changes the path that the backend gets.

    It works on whole segments of the canonical path, as matching does, never on text: the two cannot disagree about
    where a prefix ends (CVE-2026-48020).
    """
    new_path = _without_prefix(settings.strip_prefix) if settings.strip_prefix else _by_template(settings.path, matched)

    def rewrite(exchange: Exchange) -> None:
        exchange.request.path = new_path(exchange.request.path.split("/"))

    return rewrite


def _without_prefix(prefix: str) -> Callable[[list[str]], str]:
    count = 1 if prefix == "/" else len(prefix.split("/"))
    return lambda segments: "/" + "/".join(segments[count:])


def _by_template(template: str | None, matched: str) -> Callable[[list[str]], str]:
    """Each part of the new path is a literal, the place of a parameter in the old one, or its rest."""
    places = {part: index for index, part in enumerate(matched.split("/"))}
    parts: list[str | int] = []
    rest: int | None = None
    for part in (template or "/").split("/"):
        if part == "*":
            rest = places["*"]
        else:
            parts.append(places[part] if part.startswith("{") else part)

    def new_path(segments: list[str]) -> str:
        made = [part if isinstance(part, str) else segments[part] for part in parts]
        if rest is not None:
            made += segments[rest:] or [""]
        return "/".join(made)

    return new_path
