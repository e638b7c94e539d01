"""Where routes wait for requests: a tree of path segments whose leaves hold the routes of one path."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from hotgate.http.request import Request
from hotgate.routing.conditions import NO_PARAMETERS, query_parameters
from hotgate.routing.pattern import RoutePattern

T = TypeVar("T")

_LISTED, _HEAD_OF_GET, _ANY_METHOD = range(3)  # how a route comes to serve a method, most specific first


class Entry(Generic[T]):
    """One route of the table: its pattern and what the table was given for it."""

    __slots__ = ("conditions", "parameters", "pattern", "value")

    def __init__(self, pattern: RoutePattern, value: T) -> None:
        self.pattern = pattern
        self.value = value
        self.conditions = pattern.conditions
        self.parameters = pattern.shape.parameters


class Leaf(Generic[T]):
    """The routes of one host and path form, those of each method in the order in which they are tried."""

    __slots__ = ("any_method", "by_method", "reads_query")

    def __init__(self, entries: Sequence[Entry[T]]) -> None:
        methods = {method for entry in entries for method in entry.pattern.methods}
        if "GET" in methods:
            methods.add("HEAD")
        self.by_method = {method: _serving(method, entries) for method in methods}
        self.any_method = _serving("", entries)
        self.reads_query = any(entry.conditions is not None and entry.conditions.query for entry in entries)

    def choose(self, request: Request) -> Entry[T] | None:
        """The most specific route here whose method and conditions match."""
        parameters = query_parameters(request.query) if self.reads_query else NO_PARAMETERS
        for entry in self.by_method.get(request.method, self.any_method):
            if entry.conditions is None or entry.conditions.hold(request, parameters):
                return entry
        return None

    def methods_with_conditions_met(self, request: Request) -> Iterator[str]:
        """The methods for which `choose` would find a route that lists them."""
        parameters = query_parameters(request.query)
        for method, entries in self.by_method.items():
            if any(not entry.conditions or entry.conditions.hold(request, parameters) for entry in entries):
                yield method


class Node(Generic[T]):
    """What may follow the segments so far. here: routes that end at this one. rest: routes that go on with `/*`."""

    __slots__ = ("here", "literals", "parameter", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, Node[T]] = {}
        self.parameter: Node[T] | None = None
        self.here: Leaf[T] | None = None
        self.rest: Leaf[T] | None = None

    def add(self, segments: Sequence[str | None], *, has_rest: bool, leaf: Leaf[T]) -> None:
        """Put a leaf where its segments lead."""
        node = self
        for segment in segments:
            if segment is not None:
                node = node.literals.setdefault(segment, Node())
            else:
                node.parameter = node.parameter or Node()
                node = node.parameter
        if has_rest:
            node.rest = leaf
        else:
            node.here = leaf

    def find(self, segments: Sequence[str], depth: int, request: Request) -> Entry[T] | None:
        """The most specific matching route below: literal before parameter before rest, one segment after another.

        It goes back when one leads nowhere. As this is a tree, it sees each node at most once: the worst request costs
        as much as the table has nodes, however many segments it has.
        """
        node, end = self, len(segments)
        while depth < end and node.rest is None:  # down a node that leaves no choice there is no need to go back
            child = node.literals.get(segments[depth])
            if child is None:
                child = node.parameter if segments[depth] else None
                if child is None:
                    return None
            elif node.parameter is not None:
                break
            node = child
            depth += 1
        if depth == end and node.rest is None:
            return None if node.here is None else node.here.choose(request)
        return node.find_with_choice(segments, depth, request)

    def find_with_choice(self, segments: Sequence[str], depth: int, request: Request) -> Entry[T] | None:
        """`find`, where more than one way may lead on."""
        found: Entry[T] | None = None
        if depth == len(segments):
            if self.here is not None:
                found = self.here.choose(request)
        else:
            segment = segments[depth]
            child = self.literals.get(segment)
            if child is not None:
                found = child.find(segments, depth + 1, request)
            if found is None and self.parameter is not None and segment:
                found = self.parameter.find(segments, depth + 1, request)
        if found is None and self.rest is not None:
            found = self.rest.choose(request)
        return found

    def leaves(self, segments: Sequence[str], depth: int) -> Iterator[Leaf[T]]:
        """Every leaf whose path matches, in the order in which `find` asks them."""
        if depth == len(segments):
            if self.here is not None:
                yield self.here
        else:
            segment = segments[depth]
            if segment in self.literals:
                yield from self.literals[segment].leaves(segments, depth + 1)
            if segment and self.parameter is not None:
                yield from self.parameter.leaves(segments, depth + 1)
        if self.rest is not None:
            yield self.rest


def _serving(method: str, entries: Sequence[Entry[T]]) -> tuple[Entry[T], ...]:
    """The routes that serve a method ("": one that nobody lists), a listed method and more conditions first."""
    ranked = [(rank, entry) for entry in entries if (rank := _rank(entry.pattern.methods, method)) is not None]
    ranked.sort(key=lambda pair: (pair[0], -len(pair[1].conditions or ())))
    return tuple(entry for _, entry in ranked)


def _rank(methods: frozenset[str], method: str) -> int | None:
    if not methods:
        return _ANY_METHOD
    if method in methods:
        return _LISTED
    return _HEAD_OF_GET if method == "HEAD" and "GET" in methods else None
