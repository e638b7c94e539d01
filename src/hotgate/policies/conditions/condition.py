"""One expression, compiled once for the attributes of a route, and asked for each request.

Evaluated by Google's CEL (cel-cpp): types are checked when it is compiled, regular expressions take linear time (RE2),
and loops over what clients send end at a budget of 10,000 steps with a failure. What it does not bound is in
`nested_loops`.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from hotgate.config.cel_expression import MAX_EXPRESSION
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Attribute, Read, Unreadable
from hotgate.policies.conditions.body_attribute import BODY
from hotgate.policies.conditions.cel_environment import Declared, environment, holds_nul, is_error
from hotgate.policies.conditions.checked_expression import Node, checked_tree
from hotgate.policies.conditions.failure_reason import failure_reason
from hotgate.policies.conditions.looks import looks_of, wrong_members
from hotgate.policies.conditions.nested_loops import bounded, nests_loops
from hotgate.policies.conditions.wrong_constants import wrong_constants

_NO_BODY = "the body is not read here"
_FUNCTIONS = (
    *("inNetwork", "startsWith", "endsWith", "contains", "matches", "size", "has", "exists", "exists_one", "all"),
    *("timestamp", "duration", "getHours", "getMinutes", "getDayOfWeek", "getDayOfMonth", "getMonth", "getFullYear"),
)
_ANY = ""  # kind of expression
_MAX_EXPLANATION = 300  # characters
_FAILURES = (RuntimeError, TypeError, ValueError, OverflowError, KeyError)

_error = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_undeclared = re.compile(r"undeclared reference to '([^']+)'")
_one_equals_sign = re.compile(r"Syntax error: token recognition error at: '=[^=]").match


class ConditionFailed(Exception):
    """An expression has no value for this request. The text is for operators, bounded, and repeats nothing sent."""


class Expression:
    """attributes: readers of what it looks at, by name: for explanations. needs_body: whether one is the body."""

    __slots__ = ("_inputs", "_program", "attributes", "needs_body", "source")

    def __init__(self, source: str, program: Any, inputs: Mapping[str, Read], *, needs_body: bool) -> None:
        self.source = source
        self._program = program
        self._inputs = tuple(inputs.items())
        self.attributes = inputs
        self.needs_body = needs_body

    def value(self, exchange: Exchange) -> Any:
        """What it evaluates to, as a Python value. Raises ConditionFailed."""
        try:
            return self._evaluated({name: read(exchange) for name, read in self._inputs})
        except Unreadable:
            return self._value_without(exchange)

    def _value_without(self, exchange: Exchange) -> Any:
        """The value, if it does not hang on what cannot be read, as that of `a || b` where `a` holds."""
        data: dict[str, Any] = {}
        reasons: list[str] = []
        for name, read in self._inputs:
            try:
                data[name] = read(exchange)
            except Unreadable as reason:
                reasons.append(str(reason))
        try:
            return self._evaluated(data)
        except ConditionFailed:
            raise ConditionFailed("; ".join(reasons)) from None

    def _evaluated(self, data: Mapping[str, Any]) -> Any:
        if holds_nul(data.values()):
            raise ConditionFailed("text with a NUL cannot be compared")
        try:
            result = self._program.eval(data=data)
        except _FAILURES as error:
            raise ConditionFailed(failure_reason(str(error), self.source)) from None
        value = result.value()
        if isinstance(value, int):  # or a bool
            return value
        if is_error(result):  # an error is a value of its own, shown as text
            raise ConditionFailed(failure_reason(str(value), self.source))
        return value


class Condition(Expression):
    """An expression that is true or false."""

    __slots__ = ()

    def holds(self, exchange: Exchange) -> bool:
        """Raises ConditionFailed."""
        return self.value(exchange) is True


def compile_condition(source: str, attributes: Mapping[str, Attribute]) -> Condition:
    """Raises ValueError, which says what is wrong and at which column of the expression."""
    program, inputs, needs_body = _compiled(source, attributes, "BOOL")
    return Condition(source, program, inputs, needs_body=needs_body)


def compile_text(source: str, attributes: Mapping[str, Attribute]) -> Expression:
    """An expression whose value is text, as for a key. Raises ValueError, likewise."""
    return _expression(source, attributes, "STRING")


def compile_number(source: str, attributes: Mapping[str, Attribute]) -> Expression:
    """An expression whose value is a whole number. Raises ValueError, likewise."""
    return _expression(source, attributes, "INT")


def compile_value(source: str, attributes: Mapping[str, Attribute]) -> Expression:
    """An expression of any type; `json_value` makes JSON of what it gives. Raises ValueError, likewise."""
    return _expression(source, attributes, _ANY)


def with_body_hint(error: ValueError) -> str:
    """What the error says, and how `authorize` makes the body readable if it is about that."""
    hint = "; say how large it may be: `body: 64KiB` in `authorize`"
    return f"{error}{hint}" if _NO_BODY in str(error) else str(error)


def _expression(source: str, attributes: Mapping[str, Attribute], kind: str) -> Expression:
    program, inputs, needs_body = _compiled(source, attributes, kind)
    return Expression(source, program, inputs, needs_body=needs_body)


def _compiled(source: str, attributes: Mapping[str, Attribute], kind: str) -> tuple[Any, dict[str, Read], bool]:
    """The program, what it reads, and whether that is the body."""
    if len(source) > MAX_EXPRESSION:
        raise ValueError(f"an expression has at most {MAX_EXPRESSION} characters")
    try:
        program, tree = _program(source, tuple((each.name, each.kind) for each in attributes.values()))
    except RuntimeError as error:
        raise ValueError(_explained(str(error), source, attributes)) from None
    if (found := program.return_type().name()) != kind and kind != _ANY:
        raise ValueError(f"the expression must be {kind.lower()}, but is {found.lower()}")
    for offset, message in (*wrong_members(tree, attributes), *wrong_constants(tree)):
        raise ValueError(f"{_place(source, offset)}: {message}")
    used = [(attributes[name], members) for name, members in looks_of(tree, attributes).items()]
    inputs = {each.name: each.read if members is None else each.reading(members) for each, members in used}
    if BODY.name in inputs and nests_loops(tree):
        inputs[BODY.name] = bounded(inputs[BODY.name])
    return program, inputs, any(each.needs_body for each, _ in used)


@lru_cache(maxsize=4096)
def _program(source: str, declared: Declared) -> tuple[Any, Node]:
    """Compiled once for all routes that have the same attributes: a program knows nothing of who asks it."""
    program = environment(declared).compile(source)
    return program, checked_tree(program.serialize())


def _place(source: str, offset: int) -> str:
    before = source[:offset]
    line, column = before.count("\n") + 1, offset - before.rfind("\n")
    return (
        f"at column {column} of the expression" if line == 1 else f"at line {line}, column {column} of the expression"
    )


def _explained(error: str, source: str, attributes: Mapping[str, Attribute]) -> str:
    found = _error.search(error)
    if found is None:
        return f"not a CEL expression: {error[:_MAX_EXPLANATION]}"
    line, column, message = found.groups()
    place = f"at column {int(column)}" if line == "1" else f"at line {line}, column {int(column)}"
    text = f"{place} of the expression: {message.replace(' (in container )', '')}"
    if _one_equals_sign(message):
        return f"{place} of the expression: write `==` to compare"
    if undeclared := _undeclared.search(message):
        name = undeclared[1]
        if name.partition(".")[0] == BODY.name:
            return f"{place} of the expression: {_NO_BODY}"
        is_called = re.search(rf"\b{re.escape(name)}\s*\(", source) is not None
        meant = _meant_function(name) if is_called else _meant(name, attributes)
        text = f"{place} of the expression: there is no {'function' if is_called else 'attribute'} {name!r}{meant}"
    return text


def _meant(name: str, attributes: Mapping[str, Attribute]) -> str:
    """What to write instead: a name that is like it, or the word itself, as it would stand in quotes."""
    if close := get_close_matches(name, attributes, n=1):
        return f"; did you mean {close[0]!r}?"
    return "" if "." in name else f"; text stands in quotes of its own: \"'{name}'\""


def _meant_function(name: str) -> str:
    close = get_close_matches(name, _FUNCTIONS, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
