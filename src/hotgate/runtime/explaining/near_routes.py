"""Why no route matched: which were near, and what each of them asks for that the request does not have."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from heapq import nlargest
from typing import Any

from hotgate.config.routes import Match
from hotgate.config.routes import Route as RouteSettings
from hotgate.http.request import Request
from hotgate.routing.path_shape import PathShape
from hotgate.routing.pattern import RoutePattern
from hotgate.routing.table import RouteTable

MAX_SHOWN = 5
MAX_COMPARED = 200  # paths whose likeness is looked at, letter by letter
_ALIKE = 0.6
_ANY = "/any"


class NearRoutes:
    """Of one configuration: a table that asks for nothing but the path."""

    def __init__(self, routes: Sequence[RouteSettings]) -> None:
        by_shape: defaultdict[tuple[object, bool], list[RouteSettings]] = defaultdict(list)
        for route in routes:
            shape: PathShape = RoutePattern("", path=route.match.path).shape
            by_shape[shape.segments, shape.has_rest].append(route)
        alike = by_shape.values()
        self._table = RouteTable([(RoutePattern("", path=same[0].match.path), same) for same in alike])
        self._names = {route.match.path: route.name for route in routes}

    def find(self, request: Request) -> list[str]:
        """At most five, one sentence for each: those whose path fits best, else those whose path is like it."""
        bare = Request(request.method, request.path, request.headers)
        found = self._table.find(bare)
        if found is None:
            return list(self._alike(request.path))
        return [f"{route.name}: {'; '.join(_missing(route.match, request))}" for route in found[0][:MAX_SHOWN]]

    def _alike(self, path: str) -> Iterator[str]:
        segments = path.split("/")
        named = set(segments)
        candidates = nlargest(MAX_COMPARED, self._names, key=lambda each: len(named.intersection(each.split("/"))))
        likeness = {each: _likeness(segments, each.split("/")) for each in candidates}
        for found in nlargest(MAX_SHOWN, likeness, key=lambda each: likeness[each]):
            if likeness[found] >= _ALIKE:
                yield f"{self._names[found]}: its path is {found}"


def _likeness(path: Sequence[str], pattern: Sequence[str]) -> float:
    """From 0 to 1: of the segments that the pattern writes out, and those that stand there in the path."""
    fixed = [index for index, segment in enumerate(pattern) if segment[:1] not in ("{", "*")]
    there = "/".join(path[index] for index in fixed if index < len(path))
    matcher = SequenceMatcher(a=there, b="/".join(pattern[index] for index in fixed))
    # Letters are compared only where the lengths allow it: a path may be very long.
    return matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE else 0.0


def _missing(match: Match, request: Request) -> Iterator[str]:
    """What the table asks besides the path, each asked alone."""
    is_one = False
    if match.hosts and not _matches(request, hosts=match.hosts):
        is_one = True
        yield f"it is for the host {' or '.join(match.hosts)}, not {request.host or 'none'}"
    if match.methods and not _matches(request, methods=frozenset(match.methods)):
        is_one = True
        yield f"it is for {', '.join(match.methods)}, not {request.method}"
    for kind, wanted in (("header", match.headers), ("query parameter", match.query)):
        for name, value in wanted.items():
            pair = ((name, None if value == "*" else value),)
            if not (_matches(request, headers=pair) if kind == "header" else _matches(request, query=pair)):
                is_one = True
                yield f"it asks for the {kind} {name}" + ("" if value == "*" else f" to be {value!r}")
    if not is_one:
        yield "its path can be read in two ways (`;`), and they lead to different routes"


def _matches(request: Request, **demand: Any) -> bool:
    """Whether a route that asks for nothing else would have it."""
    anywhere = Request(request.method, _ANY, request.headers, request.host, query=request.query)
    return RouteTable([(RoutePattern("", path=_ANY, **demand), True)]).find(anywhere) is not None
