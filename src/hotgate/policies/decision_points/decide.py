"""`decide` of a route, compiled: one step for each decision point that it names, in the order of the file."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError

from hotgate.config.decision_points.decide import RouteQuestion as RouteQuestionSettings
from hotgate.config.messages import message_of
from hotgate.pipeline.decision import Decision, Path
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, WrongSetting, WrongSettings
from hotgate.policies.conditions.attribute import Attribute
from hotgate.policies.conditions.attributes import route_attributes
from hotgate.policies.conditions.condition import Expression, compile_text, with_body_hint
from hotgate.policies.decision_points.contract import COUNT, POINTS, DecisionPoint, RouteQuestion
from hotgate.policies.decision_points.decided_by import AskedHere, DecidedBy
from hotgate.policies.outgoing.own_fields import OwnFields

Given = str | RouteQuestionSettings


def compile_decide(given: Sequence[Given], context: CompileContext, body: int | None) -> list[PhasedStep]:
    """body: bytes of the largest body that questions may look at; None: they may not. Raises WrongSettings, with paths
    below `authorize`.
    """
    attributes = route_attributes(context, has_body=body is not None)
    points: Mapping[str, DecisionPoint] = context.services.get(POINTS, {})
    asked: dict[str, list[AskedHere]] = {}
    problems: list[WrongSetting] = []
    for index, each in enumerate(given):
        name = each if isinstance(each, str) else each.point
        try:
            if name not in points:
                raise WrongSetting((), "it cannot be asked; its own errors say why")
            here = _asked_here(points[name], each, attributes, (*context.path, "authorize", "decide", index))
            asked.setdefault(name, []).append(here)
        except (WrongSetting, WrongSettings) as error:
            found = error.problems if isinstance(error, WrongSettings) else (error,)
            problems += [_placed(wrong, name, index, context) for wrong in found]
    if problems:
        raise WrongSettings(problems)
    count = context.services.get(COUNT, _count_nothing)
    return [_step(points[name], questions, count, body or 0) for name, questions in asked.items()]


def _placed(wrong: WrongSetting, name: str, index: int, context: CompileContext) -> WrongSetting:
    """Where the route says it; or in the decision point, where that says it for all of its routes."""
    if not wrong.is_of_file:
        return WrongSetting(("decide", index, *wrong.path), f"{name}: {with_body_hint(wrong)}")
    point = context.services["authorization"].decision_points[name]
    keys = (point.kind, *wrong.path) if wrong.path[0] == "ask" else wrong.path
    path = ("authorization", "decision_points", name, *keys)
    return WrongSetting(path, f"on route '{context.route_name}': {with_body_hint(wrong)}", is_of_file=True)


def _step(
    point: DecisionPoint, questions: Sequence[AskedHere], count: Callable[[str, str], None], body: int
) -> PhasedStep:
    owned = OwnFields(*(name.encode("ascii") for name in point.to_upstream)).spellings
    step = DecidedBy(point, questions, count)
    needed = body if any(each.needs_body for each in questions) else 0
    limit = min(filter(None, (needed, point.body_limit)), default=0)
    return PhasedStep(Phase.AUTHORIZE, step, body_limit=limit, owned_fields=owned)


def _asked_here(point: DecisionPoint, given: Given, attributes: Mapping[str, Attribute], path: Path) -> AskedHere:
    own = {} if isinstance(given, str) else given.ask
    question = _told(own, partial(point.compile, _merged(point.ask, own), attributes))
    key = [_key_of(source, number, attributes) for number, source in enumerate(point.key)]
    allowed = Decision("authorize", point.name, path, allowed=True, attributes=question.attributes)
    return AskedHere(question, allowed, key)


def _merged(ask: BaseModel, given: Mapping[str, Any]) -> BaseModel:
    """What the point asks, with the keys in their place that the route gives."""
    base = ask.model_dump(exclude_unset=True, by_alias=True)
    try:
        return type(ask).model_validate({**base, **given})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        problems = [WrongSetting(("ask", *each["loc"]), _said(each)) for each in details]
        raise WrongSettings(problems) from None


def _said(detail: Any) -> str:
    is_unknown = detail["type"] == "extra_forbidden"
    return f"unknown key '{str(detail['loc'][-1])[:100]}'" if is_unknown else message_of(detail, "")


def _told(own: Mapping[str, Any], compile_: Callable[[], RouteQuestion]) -> RouteQuestion:
    """What `compile_` gives. own: what the route itself asks. Raises WrongSettings: what is wrong with the rest is of
    the file, with paths below the decision point or its kind.
    """
    try:
        return compile_()
    except WrongSettings as error:
        raise WrongSettings(
            [
                WrongSetting(("ask", *each.path), str(each), is_of_file=each.path[0] not in own) if each.path else each
                for each in error.problems
            ]
        ) from None


def _key_of(source: str, number: int, attributes: Mapping[str, Attribute]) -> Expression:
    """Of what is kept. Raises WrongSetting, likewise."""
    try:
        return compile_text(source, attributes)
    except ValueError as error:
        raise WrongSetting(("cache", "key", number), str(error), is_of_file=True) from None


def _count_nothing(point: str, result: str) -> None:
    """Where nobody counts."""
