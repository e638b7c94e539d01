"""A compiled expression as a tree, read from its serialized form (cel.expr.CheckedExpr, cel-spec's checked.proto).

The library evaluates expressions but does not show what they look at. Its serialized form does, and the few fields of
it that are wanted here take no protobuf library: each is a number, a length and bytes (protobuf.dev, "Encoding").
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Fields of messages, as cel-spec numbers them.
_PACKED = 2  # Any.value
_TYPES, _TREE, _SOURCE, _POSITIONS = 3, 4, 5, 4  # CheckedExpr, SourceInfo
_KEY, _VALUE = 1, 2  # an entry of a map
_ID, _CONSTANT, _NAME, _SELECT, _CALL = 2, 3, 4, 5, 6  # Expr
_TEXT = 6  # Constant.string_value
_OPERAND, _FIELD, _IS_TEST = 1, 2, 3  # Select
_TARGET, _FUNCTION, _ARGUMENT = 1, 2, 3  # Call
_LIST, _MAP, _COMPREHENSION = 7, 8, 9  # Expr
_EXPRESSIONS = {_LIST: (1,), _MAP: (), _COMPREHENSION: (2, 4, 5, 6, 7)}
_ENTRY, _EXPRESSIONS_OF_ENTRY = 2, (3, 4)  # CreateStruct

_PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}  # Type.primitive
_KINDS = {5: "well-known", 6: "list", 7: "map"}  # the field that a Type has


@dataclass(frozen=True, slots=True)
class Node:
    """kind: "constant", "name", "select", "has", "call", "loop" or "other". text: the string, name, field or function,
    or "".

    type: of its value, as "string", "list" or "dyn". offset: where it stands in the text; of a call its
    operator. children:
    a select's operand; a call's target, if any, and arguments; of a loop (a comprehension), what it goes over, and then
    what it does for each item.
    """

    kind: str
    text: str
    type: str
    offset: int
    children: tuple["Node", ...] = ()

    def everything(self) -> Iterator["Node"]:
        """This node and all below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.children


def checked_tree(serialized: bytes) -> Node:
    """The tree of what `serialize` gives."""
    checked: bytes = dict(_fields(serialized))[_PACKED]
    types: dict[int, str] = {}
    offsets: dict[int, int] = {}
    tree = b""
    for number, value in _fields(checked):
        if number == _TYPES:
            entry = dict(_fields(value))
            types[entry[_KEY]] = _type(entry.get(_VALUE, b""))
        elif number == _SOURCE:
            entries = (dict(_fields(each)) for field, each in _fields(value) if field == _POSITIONS)
            offsets.update({each[_KEY]: each.get(_VALUE, 0) for each in entries})
        elif number == _TREE:
            tree = value
    return _Reader(types, offsets).node(tree)


class _Reader:
    """types, offsets: by the id of a node."""

    def __init__(self, types: dict[int, str], offsets: dict[int, int]) -> None:
        self._types = types
        self._offsets = offsets

    def node(self, message: bytes) -> Node:
        fields = dict(_fields(message))
        identity = fields.pop(_ID, 0)
        number, value = next(iter(fields.items()))  # the one that says what sort of expression it is
        kind, text, children = self._content(number, value)
        return Node(kind, text, self._types.get(identity, "dyn"), self._offsets.get(identity, 0), children)

    def _content(self, number: int, value: bytes) -> tuple[str, str, tuple[Node, ...]]:
        if number == _CONSTANT:
            return "constant", dict(_fields(value)).get(_TEXT, b"").decode(), ()
        if number == _NAME:
            return "name", dict(_fields(value))[_KEY].decode(), ()
        if number == _SELECT:
            select = dict(_fields(value))
            kind = "has" if select.get(_IS_TEST) else "select"
            return kind, select[_FIELD].decode(), (self.node(select[_OPERAND]),)
        if number == _CALL:
            parts = [each for field, each in _fields(value) if field in (_TARGET, _ARGUMENT)]
            return "call", dict(_fields(value))[_FUNCTION].decode(), tuple(map(self.node, parts))
        return "loop" if number == _COMPREHENSION else "other", "", tuple(self._inner(number, value))

    def _inner(self, number: int, value: bytes) -> Iterator[Node]:
        """The parts of lists, maps and comprehensions, in which names and numbers stand beside expressions."""
        for field, each in _fields(value):
            if field in _EXPRESSIONS[number]:
                yield self.node(each)
            elif number == _MAP and field == _ENTRY:
                yield from (self.node(part) for inner, part in _fields(each) if inner in _EXPRESSIONS_OF_ENTRY)


def _type(message: bytes) -> str:
    number, value = next(_fields(message), (1, 0))
    return _PRIMITIVES.get(value, "dyn") if number == 3 else _KINDS.get(number, "dyn")


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Each field's number with its value: an int, or bytes for whatever has a length or a fixed width."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        if tag & 7 == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
        else:
            width = {1: 8, 5: 4}.get(tag & 7)
            if width is None:
                width, at = _varint(message, at)
            yield tag >> 3, message[at : at + width]
            at += width


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = message[at]
        value |= (octet & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if octet < 0x80:
            return value, at
