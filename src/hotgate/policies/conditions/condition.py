"""One expression, compiled once for the attributes of a route, and asked for each request.

Evaluated by Google's CEL (cel-cpp): types are checked when it is compiled, regular expressions take linear time (RE2),
and loops over what clients send end at a budget of 10,000 steps with a failure.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attributes import Attribute, Read, Unreadable

MAX_LENGTH = 4096  # characters of an expression
_MAX_REASON = 300
_ANY = ""  # kind of expression

_error = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_undeclared = re.compile(r"undeclared reference to '([^']+)'")


class ConditionFailed(Exception):
    """An expression is neither true nor false for this request. The text is for operators, and bounded."""


class Expression:
    """attributes: readers of what it looks at, by name: for explanations. needs_body: whether one is the body."""

    __slots__ = ("_inputs", "_program", "attributes", "needs_body", "source")

    def __init__(self, source: str, program: Any, used: Mapping[str, Attribute]) -> None:
        self.source = source
        self._program = program
        self._inputs = tuple((name, each.read) for name, each in used.items())
        self.attributes: Mapping[str, Read] = dict(self._inputs)
        self.needs_body = any(each.needs_body for each in used.values())

    def value(self, exchange: Exchange) -> Any:
        """What it evaluates to, as a Python value. Raises ConditionFailed."""
        try:
            result = self._program.eval(data={name: read(exchange) for name, read in self._inputs})
        except (Unreadable, RuntimeError, TypeError, ValueError, OverflowError, KeyError) as error:
            raise ConditionFailed(str(error)[:_MAX_REASON]) from None
        value = result.value()
        if result.type() == _cel().Type.ERROR:
            raise ConditionFailed(str(value)[:_MAX_REASON])
        return value


class Condition(Expression):
    """An expression that is true or false."""

    __slots__ = ()

    def holds(self, exchange: Exchange) -> bool:
        """Raises ConditionFailed."""
        try:
            value = self._program.eval(data={name: read(exchange) for name, read in self._inputs}).value()
        except (Unreadable, RuntimeError, TypeError, ValueError, OverflowError, KeyError) as error:
            raise ConditionFailed(str(error)[:_MAX_REASON]) from None
        if value is True or value is False:
            return value
        raise ConditionFailed(str(value)[:_MAX_REASON])  # an error is a value of its own, shown as text


def compile_condition(source: str, attributes: Mapping[str, Attribute]) -> Condition:
    """Raises ValueError, which says what is wrong and at which column of the expression."""
    program, used = _compiled(source, attributes, "BOOL")
    return Condition(source, program, used)


def compile_text(source: str, attributes: Mapping[str, Attribute]) -> Expression:
    """An expression whose value is text, as for a key. Raises ValueError, likewise."""
    program, used = _compiled(source, attributes, "STRING")
    return Expression(source, program, used)


def compile_value(source: str, attributes: Mapping[str, Attribute]) -> Expression:
    """An expression of any type; `json_value` makes JSON of what it gives. Raises ValueError, likewise."""
    program, used = _compiled(source, attributes, _ANY)
    return Expression(source, program, used)


def _compiled(source: str, attributes: Mapping[str, Attribute], kind: str) -> tuple[Any, dict[str, Attribute]]:
    if len(source) > MAX_LENGTH:
        raise ValueError(f"an expression has at most {MAX_LENGTH} characters")
    environment = _environment(tuple((each.name, each.kind) for each in attributes.values()))
    try:
        program = environment.compile(source)
    except RuntimeError as error:
        raise ValueError(_explained(str(error), attributes)) from None
    if (found := program.return_type().name()) != kind and kind != _ANY:
        raise ValueError(f"the expression must be {kind.lower()}, but is {found.lower()}")
    # The compiled form names what it refers to; a name more than that, within some text, is read for nothing.
    compiled = program.serialize()
    return program, {name: each for name, each in attributes.items() if name.encode("ascii") in compiled}


@cache
def _cel() -> Any:
    """Imported when the first condition is compiled: workers without any do without its 6 MiB."""
    from cel_expr_python import cel  # noqa: PLC0415

    return cel


@cache
def _environment(declared: tuple[tuple[str, str], ...]) -> Any:
    cel = _cel()
    in_network = cel.Overload(
        "string_in_network_string",
        return_type=cel.Type.BOOL,
        parameters=[cel.Type.STRING, cel.Type.STRING],
        is_member=True,
        impl=_in_network,
    )
    return cel.NewEnv(
        variables={name: cel.Type(kind) for name, kind in declared},
        functions=[cel.FunctionDecl("inNetwork", [in_network])],
    )


def _in_network(address: str, network: str) -> bool:
    """`request.client.inNetwork("10.0.0.0/8")`. Raises ValueError for what is no address or no network."""
    found = ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found) in ip_network(network)


def _explained(error: str, attributes: Mapping[str, Attribute]) -> str:
    found = _error.search(error)
    if found is None:
        return f"not a CEL expression: {error[:_MAX_REASON]}"
    line, column, message = found.groups()
    place = f"column {int(column)}" if line == "1" else f"line {line}, column {int(column)}"
    text = f"at {place} of the expression: {message.replace(' (in container )', '')}"
    if undeclared := _undeclared.search(message):
        text = f"at {place} of the expression: there is no attribute {undeclared[1]!r}"
        close = get_close_matches(undeclared[1], attributes, n=1)
        text += f"; did you mean {close[0]!r}?" if close else ""
    return text
