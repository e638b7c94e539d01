"""The most specific route wins, whatever the order, and no spelling of a path reaches another route."""

from collections.abc import Iterator

import pytest

from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.http.targets import canonical
from hotgate.routing.pattern import RoutePattern
from hotgate.routing.table import RouteTable


def table(*patterns: RoutePattern) -> RouteTable[str]:
    return RouteTable([(pattern, pattern.name) for pattern in patterns])


def paths(*written: str) -> RouteTable[str]:
    return table(*(RoutePattern(path, path=path) for path in written))


def request(path: str, *, method: str = "GET", host: str = "example.com", fields: tuple[Field, ...] = ()) -> Request:
    path, query = canonical(path.encode())
    return Request(method, path, Headers(list(fields)), host=host, query=query)


def found(routes: RouteTable[str], wanted: Request) -> str | None:
    match = routes.find(wanted)
    return None if match is None else match[0]


def test_an_empty_table_finds_nothing() -> None:
    assert table().find(request("/")) is None
    assert table().allowed_methods(request("/")) == frozenset()


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/orders", "/orders"),
        ("/orders/", "/*"),
        ("/orders/7", "/orders/{id}"),
        ("/orders/new", "/orders/new"),
        ("/orders/7/items", "/orders/{id}/*"),
        ("/orders/new/items", "/orders/{id}/*"),
        ("/orders/7/", "/orders/{id}/*"),
        ("/other/" + "x/" * 200, "/*"),
    ],
)
def test_literal_before_parameter_before_rest(path: str, route: str) -> None:
    written = ["/*", "/", "/orders/{id}/*", "/orders/{id}", "/orders/new", "/orders"]
    assert found(paths(*written), request(path)) == route
    assert found(paths(*reversed(written)), request(path)) == route


def test_the_first_differing_segment_decides() -> None:
    routes = paths("/{a}/b/c", "/a/{b}/{c}")
    assert found(routes, request("/a/b/c")) == "/a/{b}/{c}"


def test_goes_back_when_a_literal_leads_nowhere() -> None:
    routes = paths("/a/{x}/end", "/{y}/b/stop")
    assert routes.find(request("/a/b/stop")) == ("/{y}/b/stop", {"y": "a"})


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/admin/a", "/admin/a/b/"])
def test_a_rest_covers_its_own_root(path: str) -> None:
    assert found(paths("/admin/*", "/*", "/{page}"), request(path)) == "/admin/*"


def test_an_exact_path_beats_the_rest_of_the_same_root() -> None:
    assert found(paths("/admin/*", "/admin"), request("/admin")) == "/admin"


def test_a_parameter_is_one_whole_segment_and_not_empty() -> None:
    routes = paths("/a/{x}")
    assert found(routes, request("/a/")) is None
    assert found(routes, request("/a/b/c")) is None


def test_parameters_are_decoded_once() -> None:
    match = paths("/{a}/x/{b}").find(request("/caf%C3%A9%20x/x/%252e"))
    assert match == ("/{a}/x/{b}", {"a": "café x", "b": "%2e"})


def test_parameters_of_one_answer_are_not_shared_with_the_next() -> None:
    routes = paths("/a")
    first = routes.find(request("/a"))
    assert first is not None
    first[1]["injected"] = "x"
    assert routes.find(request("/a")) == ("/a", {})


def test_exact_host_before_longer_wildcard_before_any() -> None:
    routes = table(
        RoutePattern("any"),
        RoutePattern("com", hosts=("*.com",)),
        RoutePattern("example", hosts=("*.example.com",)),
        RoutePattern("api", hosts=("api.example.com",)),
    )
    hosts = ("api.example.com", "a.example.com", "a.b.example.com", "example.com", "example.org", "[::1]", "")
    chosen = [found(routes, request("/", host=host)) for host in hosts]
    assert chosen == ["api", "example", "example", "com", "any", "any", "any"]


def test_a_less_specific_host_is_tried_when_no_path_of_the_first_fits() -> None:
    routes = table(
        RoutePattern("api", ("api.example.com",), "/api"),
        RoutePattern("wild", ("*.example.com",), "/wild/{x}"),
        RoutePattern("any", path="/any"),
    )
    for path, route in (("/api", "api"), ("/wild/1", "wild"), ("/any", "any"), ("/none", None)):
        assert found(routes, request(path, host="api.example.com")) == route


def test_a_wildcard_does_not_match_its_own_domain_or_a_lookalike() -> None:
    routes = table(RoutePattern("wild", hosts=("*.example.com",)))
    for host in ("example.com", "badexample.com", "example.com.evil.org", "com", ""):
        assert found(routes, request("/", host=host)) is None


def methods(*names: str) -> frozenset[str]:
    return frozenset(names)


def test_a_listed_method_beats_any_and_head_is_served_by_get() -> None:
    routes = table(RoutePattern("get", methods=methods("GET")), RoutePattern("any"))
    assert [found(routes, request("/", method=m)) for m in ("GET", "HEAD", "POST", "X")] == ["get", "get", "any", "any"]
    explicit = table(RoutePattern("get", methods=methods("GET")), RoutePattern("head", methods=methods("HEAD")))
    assert found(explicit, request("/", method="HEAD")) == "head"


def test_a_less_specific_path_may_serve_another_method() -> None:
    routes = table(
        RoutePattern("read", path="/orders/new", methods=methods("GET")),
        RoutePattern("write", path="/orders/{id}", methods=methods("PUT")),
        RoutePattern("rest", path="/*", methods=methods("DELETE")),
    )
    chosen = [found(routes, request("/orders/new", method=m)) for m in ("GET", "PUT", "DELETE", "POST")]
    assert chosen == ["read", "write", "rest", None]
    assert routes.allowed_methods(request("/orders/new", method="POST")) == {"GET", "HEAD", "PUT", "DELETE"}
    assert routes.allowed_methods(request("/orders/7", method="POST")) == {"PUT", "DELETE"}


def test_no_path_no_allowed_methods() -> None:
    routes = table(RoutePattern("a", ("example.com",), "/a", methods("GET")))
    assert routes.allowed_methods(request("/b", method="POST")) == frozenset()
    assert routes.allowed_methods(request("/a", method="POST", host="example.org")) == frozenset()


def test_more_conditions_win_and_unmet_ones_fall_back() -> None:
    routes = table(
        RoutePattern("plain", path="/a"),
        RoutePattern("canary", path="/a", headers=(("x-canary", "yes"),)),
        RoutePattern("v2", path="/a", headers=(("x-canary", "yes"),), query=(("v", "2"),)),
    )
    canary = ((b"x-canary", b"yes"),)
    assert found(routes, request("/a?v=2", fields=canary)) == "v2"
    assert found(routes, request("/a", fields=canary)) == "canary"
    assert found(routes, request("/a?v=2")) == "plain"
    assert found(routes, request("/a", fields=canary * 2)) == "plain"


def test_unmet_conditions_are_not_found_rather_than_not_allowed() -> None:
    routes = table(RoutePattern("canary", methods=methods("GET"), headers=(("x-canary", None),)))
    assert routes.find(request("/")) is None
    assert routes.allowed_methods(request("/", method="POST")) == frozenset()
    assert routes.allowed_methods(request("/", method="POST", fields=((b"x-canary", b""),))) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "path", ["/admin:users", "/admin%3Ausers", "/admin%3ausers", "/%61dmin%3ausers", "/x/../admin:users"]
)
def test_no_escape_slips_past_a_literal(path: str) -> None:
    assert found(paths("/admin:users", "/{page}", "/*"), request(path)) == "/admin:users"


@pytest.mark.parametrize("path", ["/files/secret;x", "/files/secret;", "/files;x=1/secret", "/files/secret;a=b;c"])
def test_matrix_parameters_never_choose_another_route(path: str) -> None:
    assert found(paths("/files/secret", "/*"), request(path)) is None
    assert paths("/files/secret", "/*").allowed_methods(request(path)) == frozenset()


def test_matrix_parameters_that_change_no_route_are_data() -> None:
    assert paths("/files/{name}").find(request("/files/a;v=1")) == ("/files/{name}", {"name": "a;v=1"})
    assert found(paths("/files/a%3Bb", "/files/*"), request("/files/a%3bb")) == "/files/a%3Bb"


def test_a_kept_escaped_slash_stays_within_its_parameter() -> None:
    routes = paths("/p/{id}", "/p/a/b")
    assert routes.find(Request("GET", "/p/a%2Fb", Headers())) == ("/p/{id}", {"id": "a/b"})


@pytest.mark.parametrize("target", ["*", "", "orders"])
def test_what_is_no_path_matches_nothing(target: str) -> None:
    routes = paths("/*", "/")
    assert routes.find(Request("OPTIONS", target, Headers())) is None
    assert routes.allowed_methods(Request("OPTIONS", target, Headers())) == frozenset()


class CountingHeaders(Headers):
    """Counts how often a condition asks for a field."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def get_all(self, name: bytes) -> list[bytes]:
        self.asked += 1
        return super().get_all(name)


def _crossed_paths(depth: int) -> Iterator[str]:
    """Every path of `a` or a parameter in each of `depth` segments: the most branches that a table can offer."""
    for mask in range(2**depth):
        yield "/" + "/".join("a" if mask >> bit & 1 else f"{{p{bit}}}" for bit in range(depth))


def test_going_back_asks_no_route_twice() -> None:
    patterns = [RoutePattern(path, path=path, headers=(("x-never", None),)) for path in _crossed_paths(8)]
    headers = CountingHeaders()
    assert table(*patterns).find(Request("GET", "/a" * 8, headers)) is None
    assert headers.asked <= len(patterns) + 1  # the shortcut for exact paths may ask one of them again


def test_the_deepest_route_and_a_deeper_request() -> None:
    deepest = "/{a}" + "/x" * 63
    routes = paths(deepest, "/*")
    assert found(routes, request("/a" + "/x" * 63)) == deepest
    assert found(routes, request("/a" + "/x" * 64)) == "/*"
    assert found(routes, request("/a" * 5000)) == "/*"
