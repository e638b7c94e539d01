"""Loops within loops over what a client sends: of lists twice as long, four times the work.

CEL counts the steps of loops, and 10,000 of them are quick. It does not count what one step takes that looks through a
list or a text: `body.a.all(x, x in body.b)` with a megabyte of numbers would hold up a worker for twenty seconds.
"""

from typing import Any

from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Read, Unreadable
from hotgate.policies.conditions.checked_expression import Node

MOST = 2_000  # items and members, and per 64 characters of text: some 10 ms where all are compared with all
_CHARACTERS = 64
_LOOKS_THROUGH = frozenset({"@in", "contains", "matches"})
_JOINS = "_+_"


def nests_loops(tree: Node) -> bool:
    """Whether an expression looks through a list or a text for each item of another."""
    return any(_is_long(node) for loop in _loops(tree) for part in loop.children[1:] for node in part.everything())


def bounded(read: Read) -> Read:
    """The same, unless it gives too much for such an expression."""

    def read_some(exchange: Exchange) -> Any:
        value = read(exchange)
        if _weighs_more_than(MOST, value):
            raise Unreadable("the body holds too much to look through it for each of its items")
        return value

    return read_some


def _loops(tree: Node) -> list[Node]:
    return [node for node in tree.everything() if node.kind == "loop"]


def _is_long(node: Node) -> bool:
    if node.kind == "call" and node.text == _JOINS:
        return node.type in ("string", "dyn")
    return node.kind == "loop" or (node.kind == "call" and node.text in _LOOKS_THROUGH)


def _weighs_more_than(most: int, value: Any) -> bool:
    weight, level = 0, [value]
    while level and weight <= most:
        weight += sum(len(each) // _CHARACTERS for each in level if isinstance(each, str))
        inner = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)]
        weight += sum(map(len, inner))
        level = [item for each in inner for item in each]
    return weight > most
