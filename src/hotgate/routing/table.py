"""The route table: immutable, compiled from patterns, asked once per request."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote

from hotgate.http.request import Request
from hotgate.routing.ambiguity import AmbiguousRoutes, ambiguities
from hotgate.routing.pattern import RoutePattern
from hotgate.routing.trie import Entry, Leaf, Node

T = TypeVar("T")

_ANY_HOST = ""


class _Tree(Generic[T]):
    """The routes of one host. exact: a shortcut to the leaves of paths without parameters, by canonical path."""

    __slots__ = ("exact", "root")

    def __init__(self) -> None:
        self.root: Node[T] = Node()
        self.exact: dict[str, Leaf[T]] = {}


class RouteTable(Generic[T]):
    """Finds what was given for the most specific route that matches a request.

    Specific means, in this order: an exact host, then the longer wildcard, then any host; segment by segment a
    literal, a `{parameter}`, the rest `/*`; a listed method rather than any; more conditions. If all routes of the most
    specific path fail on method or conditions, the next path is tried. Raises AmbiguousRoutes.
    """

    __slots__ = ("_any_host", "_by_host", "_by_suffix", "_max_splits")

    def __init__(self, entries: Iterable[tuple[RoutePattern, T]]) -> None:
        groups: defaultdict[tuple[str, tuple[str | None, ...], bool], list[Entry[T]]] = defaultdict(list)
        for pattern, value in entries:
            entry = Entry(pattern, value)
            for host in pattern.hosts or (_ANY_HOST,):
                groups[host, pattern.shape.segments, pattern.shape.has_rest].append(entry)
        found = ambiguities((key[0], [entry.pattern for entry in group]) for key, group in groups.items())
        if found:
            raise AmbiguousRoutes(found)
        trees: defaultdict[str, _Tree[T]] = defaultdict(_Tree)
        for (host, segments, has_rest), group in groups.items():
            leaf = Leaf(group)
            trees[host].root.add(segments, has_rest=has_rest, leaf=leaf)
            trees[host].exact.update({entry.pattern.shape.exact: leaf for entry in group if entry.pattern.shape.exact})
        self._max_splits = 1 + max((len(segments) for _, segments, _ in groups), default=0)
        self._any_host = (trees[_ANY_HOST],)
        self._by_host = {host: _trees_for(host, trees) for host in trees if host and not host.startswith("*.")}
        self._by_suffix = {host[2:]: _trees_for(host, trees) for host in trees if host.startswith("*.")}

    def find(self, request: Request) -> tuple[T, dict[str, str]] | None:
        """The value of the route for a request, and its path parameters, decoded; None if no route matches.

        A backend that drops matrix parameters reads `/admin;x` as `/admin`. If the two readings take different
        routes, none is taken.
        """
        trees = self._trees(request.host)
        leaf = trees[0].exact.get(request.path)
        if leaf is not None:
            entry = leaf.choose(request)
            if entry is not None:
                return entry.value, {}
        if not request.path.startswith("/"):
            return None  # such as the `*` of OPTIONS
        segments = self._segments(request.path)
        entry = _most_specific(trees, segments, request)
        if entry is None:
            return None
        if ";" in request.path and entry is not _most_specific(trees, self._bare_segments(request.path), request):
            return None
        return entry.value, {name: segments[index] for index, name in entry.parameters}

    def allowed_methods(self, request: Request) -> frozenset[str]:
        """The methods with which `find`, after it returned None, would have found a route (RFC 9110 §15.5.6).

        None at all: the answer is 404, not 405.
        """
        if not request.path.startswith("/") or ";" in request.path:
            return frozenset()
        segments = self._segments(request.path)
        return frozenset(
            method
            for tree in self._trees(request.host)
            for leaf in tree.root.leaves(segments, 1)
            for method in leaf.methods_with_conditions_met(request)
        )

    def _trees(self, host: str) -> tuple[_Tree[T], ...]:
        trees = self._by_host.get(host)
        if trees is None and not self._by_suffix:
            return self._any_host
        while trees is None:
            _, dot, host = host.partition(".")
            trees = self._by_suffix.get(host) if dot else self._any_host
        return trees

    def _segments(self, path: str) -> list[str]:
        """The decoded segments, after an empty first one. What is deeper than any route stays one piece."""
        segments = path.split("/", self._max_splits)
        return [unquote(segment) for segment in segments] if "%" in path else segments

    def _bare_segments(self, path: str) -> list[str]:
        return [unquote(segment.partition(";")[0]) for segment in path.split("/", self._max_splits)]


def _most_specific(trees: tuple[_Tree[T], ...], segments: list[str], request: Request) -> Entry[T] | None:
    for tree in trees:
        entry = tree.root.find(segments, 1, request)
        if entry is not None:
            return entry
    return None


def _trees_for(host: str, trees: dict[str, _Tree[T]]) -> tuple[_Tree[T], ...]:
    """The trees to ask for a host or wildcard, most specific first, each once."""
    names = [host]
    rest = host.removeprefix("*.")
    while rest:
        rest = rest.partition(".")[2]
        names.append(f"*.{rest}")
    return tuple(trees[name] for name in (*names, _ANY_HOST) if name in trees)
