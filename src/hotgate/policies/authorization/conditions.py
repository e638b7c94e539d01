"""The conditions of a part of `authorize`, compiled for its route; every error of them at its place in the file."""

from hotgate.config.authorization import NOTHING_DECLARED, Rule
from hotgate.pipeline.decision import Decision, Path
from hotgate.pipeline.policy import CompileContext, WrongSetting
from hotgate.policies.authorization.denial import Denial
from hotgate.policies.authorization.part import KEY, Part
from hotgate.policies.authorization.rules import NamedPolicy, When, named_policy
from hotgate.policies.conditions.attributes import ATTRIBUTES
from hotgate.policies.conditions.condition import Condition, compile_condition, with_body_hint

# Of nobody each of these is empty, and empty equals empty: whoever sends `?tenant=` would have `principal.tenant`.
_OF_CALLERS = {"claims", *(each.name for each in ATTRIBUTES if each.name.startswith("principal."))}
_OF_CALLERS -= {"principal.is_anonymous"}


class PartConditions:
    """problems: what is wrong is added to it; then the conditions are not complete."""

    def __init__(self, part: Part, context: CompileContext, problems: list[WrongSetting]) -> None:
        self._part = part
        self._route = context.route_name
        self._is_public = context.is_public
        self._policies = context.services.get("authorization", NOTHING_DECLARED).policies
        self._problems = problems

    def compiled(self) -> list[When | NamedPolicy]:
        """In the order in which they are asked."""
        found: list[When | NamedPolicy] = []
        if self._part.rules.when is not None:
            found += self._when(self._part.rules.when)
        for name in self._part.rules.policies:
            found += self._policy(name)
        return found

    def _when(self, source: str) -> list[When]:
        try:
            condition = compile_condition(source, self._part.attributes)
        except ValueError as error:
            self._problems.append(WrongSetting((*self._part.keys, "when"), with_body_hint(error)))
            return []
        if self._is_public and (of_nobody := [name for name in condition.attributes if name in _OF_CALLERS]):
            empty = f"nobody is authenticated on a public route, so `{of_nobody[0]}` is always empty"
            self._problems.append(WrongSetting((*self._part.keys, "when"), empty))
        path, readers = (*self._part.place, "when"), condition.attributes
        allowed = Decision(KEY, "when", path, True, "its condition holds", readers)
        denied = Decision(KEY, "when", path, False, "its condition does not hold", readers)
        return [When(condition, allowed, Denial(denied))]

    def _policy(self, name: str) -> list[NamedPolicy]:
        rules = self._policies.get(name, ())
        path = ("authorization", "policies", name)
        compiled = [(rule, self._rule(rule, (*path, index))) for index, rule in enumerate(rules)]
        complete = [(rule, condition) for rule, condition in compiled if condition is not None]
        return [named_policy(name, complete)] if complete else []

    def _rule(self, rule: Rule, path: Path) -> Condition | None:
        try:
            return compile_condition(rule.condition, self._part.attributes)
        except ValueError as error:
            message = f"rule '{rule.name}' on route '{self._route}': {with_body_hint(error)}"
            key = "allow" if rule.allow is not None else "deny"
            self._problems.append(WrongSetting((*path, key), message, is_of_file=True))
            return None
