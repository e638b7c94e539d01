"""`authorize: {scopes: [...], roles: [...], when: "…", policies: [...], …}`: its compile step."""

import time
from collections.abc import Callable, Iterator, Sequence

from hotgate.identity.rights import NO_ROLES, RoleBook
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting, WrongSettings
from hotgate.policies.authorization.checks import Begin, Checks, ChecksByMethod
from hotgate.policies.authorization.conditions import PartConditions
from hotgate.policies.authorization.denial import Denial
from hotgate.policies.authorization.joined import joined
from hotgate.policies.authorization.needs import NOBODY_HERE, needs, wrong_needs
from hotgate.policies.authorization.part import KEY, Part
from hotgate.policies.authorization.settings import ANY_METHOD, AccessRules, AuthorizeSettings
from hotgate.policies.authorization.user_authentication import StepUp
from hotgate.policies.conditions.attributes import route_attributes
from hotgate.policies.step_up import Demand


def _asked(settings: AuthorizeSettings, context: CompileContext) -> Sequence[PhasedStep]:
    """The steps that ask decision points. Their code is imported where there are any."""
    if not settings.decide:
        return ()
    from hotgate.policies.decision_points.decide import compile_decide  # noqa: PLC0415

    return compile_decide(settings.decide, context, settings.body)


def compile_authorize(settings: AuthorizeSettings, context: CompileContext) -> list[PhasedStep]:
    """What needs no body, what needs it, and how the user has logged in: a step for each that is asked for."""
    steps: list[PhasedStep] = []
    asked = _asked(settings, context)
    if any(getattr(settings, key) for key in (*AccessRules.model_fields, "methods", "body")):
        steps += _AccessSteps(settings, context, decision_points_look=any(each.body_limit for each in asked)).compiled()
    if settings.demand is not None:
        if context.is_public:
            raise WrongSetting(("acr" if settings.acr else "max_age",), NOBODY_HERE)
        steps.append(_user_authentication(settings, settings.demand, context))
    return [*steps, *asked]  # nobody is asked about a request that is refused here


class _AccessSteps:
    """The compiling of what `authorize` says of callers and requests, directly and by method."""

    def __init__(self, settings: AuthorizeSettings, context: CompileContext, *, decision_points_look: bool) -> None:
        attributes = route_attributes(context, has_body=settings.body is not None)
        self._body = settings.body
        self._context = context
        self._roles: RoleBook = context.services.get("roles", NO_ROLES)
        self._first = Part(settings, (), context.path, attributes)
        self._by_method = {
            method: Part(rules, ("methods", method), context.path, attributes)
            for method, rules in settings.methods.items()
        }
        parts = (self._first, *self._by_method.values())
        problems = [each for part in parts for each in wrong_needs(part, self._roles, is_public=context.is_public)]
        self._conditions = {part.keys: PartConditions(part, context, problems).compiled() for part in parts}
        if self._body is not None and not problems and not (self._looks_at_body or decision_points_look):
            problems.append(WrongSetting(("body",), "no condition looks at the body"))
        if problems:
            raise WrongSettings(problems)

    @property
    def _looks_at_body(self) -> bool:
        return any(each.needs_body for conditions in self._conditions.values() for each in conditions)

    def compiled(self) -> Iterator[PhasedStep]:
        """A step that refuses whom it can before a body is read; and one that is asked when it is there."""
        unlisted = Decision(KEY, "methods", (*self._first.place, "methods"), False, "the method is not listed")
        begin = self._begin([self._first])
        yield PhasedStep(Phase.AUTHORIZE, self._table(self._without_body, (begin, Denial(unlisted))))
        if self._body is not None:
            yield PhasedStep(Phase.AUTHORIZE, self._table(self._with_body, ()), self._body)

    def _table(self, checks_of: Callable[[Sequence[Part]], Checks], unlisted: Checks) -> ChecksByMethod:
        """HEAD is held to what GET needs: it tells nearly as much (RFC 9110 §9.3.2)."""
        table = {method: checks_of([self._first, part]) for method, part in self._by_method.items()}
        if "GET" in table:
            table["HEAD"] = table["GET"]
        if not self._by_method:
            return ChecksByMethod({}, checks_of([self._first]))
        return ChecksByMethod(table, table.pop(ANY_METHOD, unlisted))

    def _without_body(self, parts: Sequence[Part]) -> Checks:
        return (self._begin(parts), *needs(parts, self._roles), *self._asked(parts, needs_body=False))

    def _with_body(self, parts: Sequence[Part]) -> Checks:
        return tuple(self._asked(parts, needs_body=True))

    def _asked(self, parts: Sequence[Part], *, needs_body: bool) -> Checks:
        conditions = [each for part in parts for each in self._conditions[part.keys] if each.needs_body is needs_body]
        return tuple(joined(conditions, self._first.attributes))

    def _begin(self, parts: Sequence[Part]) -> Begin:
        nobody = Decision(KEY, "authenticate", self._first.place, False, "nobody is authenticated")
        keys = list(dict.fromkeys(key for part in parts for key in part.needs))
        rule, readers = ", ".join(keys) or KEY, self._first.readers(keys)
        allowed = Decision(KEY, rule, parts[-1].place, True, "nothing is lacking", readers)
        return Begin(allowed, None if self._context.is_public else nobody)


def _user_authentication(settings: AuthorizeSettings, demand: Demand, context: CompileContext) -> PhasedStep:
    key = "acr" if settings.acr else "max_age"
    reason = "the user has not logged in so, or not lately enough"
    denied = Decision(KEY, key, (*context.path, KEY, key), False, reason)
    now = context.services.get("wall_clock", time.time)
    return PhasedStep(Phase.AUTHORIZE, StepUp(demand, context.identities, now, denied))


POLICY = PolicySpec(KEY, AuthorizeSettings, compile_authorize)
