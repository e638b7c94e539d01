"""What is asked, compiled: constants and expressions, which an exchange turns into one JSON object."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import WrongSetting, WrongSettings
from hotgate.policies.conditions.attribute import Attribute, Read
from hotgate.policies.conditions.condition import ConditionFailed, Expression, compile_text, compile_value
from hotgate.policies.conditions.json_value import json_value
from hotgate.policies.decision_points.contract import Question, RouteQuestion

Node = Callable[[Exchange], Any]  # JSON; raises ConditionFailed


class QuestionCompiler:
    """Compiles the expressions of one question, and collects what is wrong with them."""

    def __init__(self, attributes: Mapping[str, Attribute]) -> None:
        self._attributes = attributes
        self._problems: list[WrongSetting] = []
        self._read: dict[str, Read] = {}
        self._needs_body = False

    def text(self, source: str, *path: str | int) -> Node:
        """Text that is never empty: who has no name would be asked about under the name of nobody."""
        expression = self._compiled(compile_text, source, path)
        name = ".".join(map(str, path))

        def text(exchange: Exchange) -> str:
            found: str = expression.value(exchange)
            if not found:
                raise ConditionFailed(f"{name} is empty")
            return found

        return text

    def value(self, source: str, *path: str | int) -> Node:
        """Anything that is JSON."""
        expression = self._compiled(compile_value, source, path)
        return lambda exchange: json_value(expression.value(exchange))

    def members(self, sources: Mapping[str, str], *path: str | int) -> Node:
        """An object of values."""
        return members({name: self.value(source, *path, name) for name, source in sources.items()})

    def finished(self, node: Node) -> RouteQuestion:
        """The question whose content `node` gives. Raises WrongSettings."""
        self.raise_problems()
        return RouteQuestion(lambda exchange: encoded(node(exchange)), self._read, self._needs_body)

    def raise_problems(self) -> None:
        """Raises WrongSettings if anything is wrong."""
        if self._problems:
            raise WrongSettings(self._problems)

    def _compiled(
        self, compile_: Callable[[str, Mapping[str, Attribute]], Expression], source: str, path: Sequence[str | int]
    ) -> Expression:
        try:
            expression = compile_(source, self._attributes)
        except ValueError as error:
            self._problems.append(WrongSetting(tuple(path), str(error)))
            return _BROKEN
        self._read |= expression.attributes
        self._needs_body = self._needs_body or expression.needs_body
        return expression


def constant(value: Any) -> Node:
    """The same for everybody."""
    return lambda exchange: value


def members(nodes: Mapping[str, Node]) -> Node:
    """An object. What is null is left out: absent and null must not be two things (RFC 7493; AuthZEN, section 11.5)."""

    def made(exchange: Exchange) -> dict[str, Any]:
        found = {name: node(exchange) for name, node in nodes.items()}
        return {name: value for name, value in found.items() if value is not None}

    return made


def items(nodes: Sequence[Node]) -> Node:
    """A list."""
    return lambda exchange: [node(exchange) for node in nodes]


def encoded(content: Any) -> Question:
    """Members sorted, for CEL gives those of a map in no order. Raises ConditionFailed."""
    try:
        text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False, sort_keys=True)
        return Question(content, text.encode("utf-8"))
    except UnicodeEncodeError:
        raise ConditionFailed("a text is not Unicode") from None


_BROKEN = Expression("", None, {}, needs_body=False)  # stands for one that is reported, until `finished` raises
