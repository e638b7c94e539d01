"""`RouteTable` against the plainest possible reading of its rules: look at every route, take the most specific."""

from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.routing.ambiguity import AmbiguousRoutes
from hotgate.routing.pattern import RoutePattern
from hotgate.routing.table import RouteTable

Rank = tuple[tuple[int, int], tuple[int, ...], int, int]

_END, _REST, _PARAMETER, _LITERAL = 1, 0, 2, 3


def host_rank(pattern: RoutePattern, host: str) -> tuple[int, int] | None:
    ranks = [(0, 0)] if not pattern.hosts else []
    for name in pattern.hosts:
        if name == host:
            ranks.append((2, 0))
        elif name.startswith("*.") and host.endswith(name[1:]):
            ranks.append((1, len(name)))
    return max(ranks, default=None)


def path_rank(pattern: RoutePattern, path: str) -> tuple[int, ...] | None:
    wanted = pattern.path.split("/")[1:]
    given = [unquote(segment) for segment in path.split("/")[1:]]
    rank: list[int] = []
    for position, segment in enumerate(wanted):
        if segment == "*":
            return (*rank, _REST)
        if position == len(given):
            return None
        if segment.startswith("{") and given[position]:
            rank.append(_PARAMETER)
        elif unquote(segment) == given[position]:
            rank.append(_LITERAL)
        else:
            return None
    return (*rank, _END) if len(wanted) == len(given) else None


def method_rank(pattern: RoutePattern, method: str) -> int | None:
    if method in pattern.methods:
        return 2
    if method == "HEAD" and "GET" in pattern.methods:
        return 1
    return None if pattern.methods else 0


def conditions_met(pattern: RoutePattern, request: Request) -> bool:
    sent = {name: request.headers.get_all(name.encode()) for name, _ in pattern.headers}
    return all(sent[name] and value in (None, sent[name][0].decode()) for name, value in pattern.headers)


def rank(pattern: RoutePattern, request: Request) -> Rank | None:
    host, path = host_rank(pattern, request.host), path_rank(pattern, request.path)
    method = method_rank(pattern, request.method)
    if host is None or path is None or method is None or not conditions_met(pattern, request):
        return None
    return host, path, method, len(pattern.headers)


def parameters(pattern: RoutePattern, path: str) -> dict[str, str]:
    pairs = zip(pattern.path.split("/"), path.split("/"), strict=False)
    return {written[1:-1]: unquote(given) for written, given in pairs if written.startswith("{")}


def oracle(patterns: list[RoutePattern], request: Request) -> tuple[str, dict[str, str]] | None:
    ranked = [(found, pattern) for pattern in patterns if (found := rank(pattern, request)) is not None]
    if not ranked:
        return None
    _, best = max(ranked, key=lambda pair: pair[0])
    return best.name, parameters(best, request.path)


def allowed(patterns: list[RoutePattern], request: Request) -> frozenset[str]:
    names: set[str] = set()
    for pattern in patterns:
        place = host_rank(pattern, request.host), path_rank(pattern, request.path)
        if None not in place and conditions_met(pattern, request):
            names |= pattern.methods | ({"HEAD"} if "GET" in pattern.methods else set())
    return frozenset(names)


def unambiguous(patterns: list[RoutePattern]) -> tuple[list[RoutePattern], RouteTable[str]]:
    try:
        return patterns, RouteTable([(pattern, pattern.name) for pattern in patterns])
    except AmbiguousRoutes as error:
        rivals = {pair.second for pair in error.pairs}
        return unambiguous([pattern for pattern in patterns if pattern.name not in rivals])


_hosts = st.lists(st.sampled_from(["a.com", "b.a.com", "*.a.com", "*.com"]), max_size=2, unique=True).map(tuple)
_written = st.lists(st.sampled_from(["a", "b", "a%3Ab", "{}", "{}"]), max_size=4)
_paths = st.tuples(_written, st.sampled_from(["", "/", "/*"])).map(
    lambda parts: "".join(f"/{s}" if s != "{}" else f"/{{p{i}}}" for i, s in enumerate(parts[0])) + parts[1] or "/"
)
_methods = st.frozensets(st.sampled_from(["GET", "HEAD", "POST"]), max_size=2)
_conditions = st.dictionaries(st.sampled_from("xy"), st.sampled_from([None, "1", "2"]), max_size=2)
_matches = st.tuples(_hosts, _paths, _methods, _conditions.map(lambda required: tuple(required.items())))
_patterns = st.lists(_matches, max_size=14).map(
    lambda matches: [RoutePattern(str(number), *match) for number, match in enumerate(matches)]
)
_requests = st.builds(
    lambda host, segments, method, headers: Request(
        method, "/" + "/".join(segments), Headers([(k.encode(), v.encode()) for k, v in headers.items()]), host=host
    ),
    st.sampled_from(["a.com", "b.a.com", "c.b.a.com", "x.com", "org", ""]),
    st.lists(st.sampled_from(["a", "b", "a:b", "a%3Ab", "c", "%C3%A9"]), max_size=5).flatmap(
        lambda segments: st.sampled_from([segments or [""], [*segments, ""]])
    ),
    st.sampled_from(["GET", "HEAD", "POST", "PUT"]),
    st.dictionaries(st.sampled_from("xy"), st.sampled_from("123"), max_size=2),
)


@settings(max_examples=400)
@given(_patterns, st.lists(_requests, min_size=1, max_size=8))
def test_equals_the_oracle(patterns: list[RoutePattern], requests: list[Request]) -> None:
    kept, table = unambiguous(patterns)
    for request in requests:
        expected = oracle(kept, request)
        assert table.find(request) == expected
        if expected is None:
            assert table.allowed_methods(request) == allowed(kept, request)


@given(_patterns, _requests)
def test_the_order_of_routes_never_matters(patterns: list[RoutePattern], request: Request) -> None:
    kept, table = unambiguous(patterns)
    backwards = RouteTable([(pattern, pattern.name) for pattern in reversed(kept)])
    assert backwards.find(request) == table.find(request)
