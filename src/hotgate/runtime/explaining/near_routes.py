"""Why no route matched: which were near, and what each of them asks for that the request does not have."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from hotgate.config.routes import Match
from hotgate.config.routes import Route as RouteSettings
from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.routing.pattern import RoutePattern
from hotgate.routing.table import RouteTable

MAX_SHOWN = 5
MAX_COMPARED = 2000  # routes that are looked at
_ANY = "/any"


def near_routes(request: Request, routes: Sequence[RouteSettings]) -> list[str]:
    """At most five, one sentence for each: those whose path fits, else those whose path is like it."""
    fitting = [route for route in routes[:MAX_COMPARED] if _fits(route.match.path, request.path)]
    found = [f"{route.name}: {'; '.join(_missing(route.match, request))}" for route in fitting]
    return (found or list(_alike(request.path, routes)))[:MAX_SHOWN]


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


def _fits(pattern: str, path: str) -> bool:
    table = RouteTable([(RoutePattern("", path=pattern), True)])
    return table.find(Request("GET", path, Headers())) is not None


def _alike(path: str, routes: Sequence[RouteSettings]) -> Iterator[str]:
    names = {route.match.path: route.name for route in routes[:MAX_COMPARED]}
    for found in get_close_matches(path, names, n=MAX_SHOWN, cutoff=0.5):
        yield f"{names[found]}: its path is {found}"
