from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from hotgate.config.gateway import Gateway
from hotgate.config.models import gateway_model
from hotgate.config.routes import Route

if TYPE_CHECKING:
    from unit.config.conftest import Folder

Errors = Callable[[str], list[str]]
ROUTE: dict[str, Any] = {"name": "r", "match": {"path": "/"}, "respond": {}, "public": True}


def route_with(**keys: Any) -> Route:
    return Route.model_validate({key: value for key, value in (ROUTE | keys).items() if value is not None})


def test_model_without_extensions_is_usable() -> None:
    config = gateway_model((), ()).model_validate({"listeners": [{"name": "web", "bind": "[::1]:80"}]})
    assert (str(config.admin.bind), config.workers, config.watch) == ("127.0.0.1:9900", "auto", True)
    assert (config.limits.drain, config.limits.max_header_bytes, config.access_log.path) == (30.0, 32768, "stdout")


def test_policies_are_reached_by_name(model: type[Gateway]) -> None:
    tree = {"listeners": [{"name": "a", "bind": "h:1"}], "routes": [ROUTE | {"headers": {"x": "y"}}]}
    route = model.model_validate(tree).routes[0]
    assert route.policy("headers") == {"x": "y"}
    assert route.policy("rate_limit") is None
    assert route.policy("no-such-policy") is None
    assert route.policy_names == ["headers"]


def test_configuration_is_frozen(model: type[Gateway]) -> None:
    config = model.model_validate({"listeners": [{"name": "a", "bind": "h:1"}]})
    with pytest.raises(ValueError, match="frozen"):
        config.watch = False


def test_attribute_names_of_policies_are_not_keys(routes_of: Errors) -> None:
    errors = routes_of("routes: [{name: r, match: {path: /}, respond: {}, public: true, policy_headers: {}}]")
    assert "unknown key 'policy_headers'" in errors[0]


@pytest.mark.parametrize("mechanisms", ["{}", "{token: {secret: a}, api_key: {}}", "{token: null}"])
def test_identity_has_exactly_one_mechanism(routes_of: Errors, mechanisms: str) -> None:
    assert "needs exactly one mechanism: api_key, token" in routes_of(f"identity: {{corp: {mechanisms}}}")[0]


@pytest.mark.parametrize("path", ["/", "/a", "/a/", "/{id}", "/a/{b}/c/{d}", "/*", "/a/*", "/a%20b", "/a.b~c"])
def test_path_forms(path: str) -> None:
    assert route_with(match={"path": path}).match.path == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        "*",
        "/a*",
        "/*/b",
        "/**",
        "/a{b}",
        "/{}",
        "/{1}",
        "/{a}/{a}",
        "/{a",
        "/a b",
        "/ä",
        "/a?b",
        "/a#b",
        "/\n",
        "/" + "a" * 2048,
        1,
        None,
        True,
    ],
)
def test_other_paths_are_refused(path: object) -> None:
    with pytest.raises(ValueError, match="match"):
        route_with(match={"path": path})


@pytest.mark.parametrize("host", ["api.example.com", "*.example.com", "localhost", "[::1]", "10.0.0.1", "EXAMPLE.com"])
def test_host_forms(host: str) -> None:
    assert route_with(match={"path": "/", "hosts": [host]}).match.hosts == (host,)


@pytest.mark.parametrize("host", ["", "*", "a.*.com", "http://a", "a:80", "a/b", "u@a", "a b", "ä", "*a.com", 7])
def test_other_hosts_are_refused(host: object) -> None:
    with pytest.raises(ValueError, match="hosts"):
        route_with(match={"path": "/", "hosts": [host]})


@pytest.mark.parametrize(
    "match",
    [
        {"methods": ["get"]},
        {"methods": ["GET "]},
        {"headers": {"a b": "x"}},
        {"headers": {"a": "x\r\ny"}},
        {"headers": {"a": 1}},
        {"query": {"a=b": "x"}},
    ],
)
def test_other_conditions_are_refused(match: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="match"):
        route_with(match={"path": "/"} | match)


@pytest.mark.parametrize("targets", [{"respond": None}, {"upstream": "u"}, {"redirect": {"to": "/x"}}])
def test_route_has_exactly_one_target(targets: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="exactly one of upstream, redirect or respond"):
        route_with(**targets)


def test_route_says_who_may_use_it() -> None:
    with pytest.raises(ValueError, match="who may use this route"):
        route_with(public=None)
    with pytest.raises(ValueError, match="contradict"):
        route_with(authenticate=["corp"])


@pytest.mark.parametrize("to", ["https://example.com", "http://example.com/x?y#z", "/", "/a/b?c"])
def test_redirect_targets(to: str) -> None:
    redirect = route_with(respond=None, redirect={"to": to}).redirect
    assert redirect is not None
    assert (redirect.to, redirect.status) == (to, 308)


@pytest.mark.parametrize(
    "to", ["", "x", "//evil.example", "/\\evil.example", "javascript:x", "https://", "/a\r\nb: c", "/ä"]
)
def test_redirect_to_elsewhere_is_refused(to: str) -> None:
    with pytest.raises(ValueError, match="redirect"):
        route_with(respond=None, redirect={"to": to})


@pytest.mark.parametrize(
    ("path", "rewrite"),
    [
        ("/a/*", {"strip_prefix": "/a"}),
        ("/a/{b}", {"strip_prefix": "/a"}),
        ("/a", {"strip_prefix": "/"}),
        ("/a/{b}/*", {"path": "/x/{b}/*"}),
        ("/a", {"path": "/b"}),
    ],
)
def test_rewrites(path: str, rewrite: dict[str, str]) -> None:
    assert route_with(match={"path": path}, rewrite=rewrite).rewrite is not None


@pytest.mark.parametrize(
    ("path", "rewrite"),
    [
        ("/ab/*", {"strip_prefix": "/a"}),
        ("/a", {"strip_prefix": "/a/b"}),
        ("/{a}/b", {"strip_prefix": "/{a}"}),
        ("/a", {"path": "/{b}"}),
        ("/a", {"path": "/b/*"}),
        ("/a", {}),
        ("/a", {"path": "/b", "strip_prefix": "/a"}),
    ],
)
def test_rewrites_that_cannot_work_are_refused(path: str, rewrite: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="rewrite"):
        route_with(match={"path": path}, rewrite=rewrite)


@pytest.mark.parametrize(
    "text",
    [
        "workers: 0",
        "workers: 257",
        "workers: true",
        "workers: 1.0",
        "workers: many",
        "watch: 1",
        "watch: yes",
        "limits: {max_headers: true}",
        "limits: {max_headers: 0}",
        "limits: {header_timeout: 0s}",
        "limits: {header_timeout: 30}",
        "limits: {max_target: 1GiB}",
        "limits: {min_body_rate: 10s}",
        "limits: {request_buffer: 1MiB}",
        "limits: {max_connections_per_address: 0}",
        "limits: {max_requests_per_connection: 0}",
        "dotted_headers: keep",
        "limits: null",
        "encoded_slashes: allow",
        "runtime_dir: 7",
        "access_log: {path: ''}",
    ],
)
def test_values_out_of_bounds_or_of_another_kind_are_refused(routes_of: Errors, text: str) -> None:
    assert len(routes_of(text)) == 1


@pytest.mark.parametrize(
    "upstream",
    [
        "{targets: []}",
        "{}",
        "{targets: [{url: 'http://h:1', weight: 0}]}",
        "{targets: [{url: 'http://h:1', weight: 1001}]}",
        "{targets: [7]}",
        "{targets: ['http://h:1'], balance: random}",
        "{targets: ['http://h:1'], timeouts: {connect: 0s}}",
        "{targets: ['http://h:1'], max_connections: 0}",
    ],
)
def test_upstreams_out_of_bounds_are_refused(folder: Folder, upstream: str) -> None:
    text = f'listeners: [{{name: web, bind: "127.0.0.1:0"}}]\nupstreams: {{u: {upstream}}}\n'
    assert len(folder.errors(text)) == 1


def test_header_wait_is_bounded_by_read_unless_set(folder: Folder) -> None:
    config = folder.load("""\
        listeners: [{name: web, bind: "127.0.0.1:0"}]
        upstreams:
          a: {targets: ["http://h:1"], timeouts: {read: 7s}}
          b: {targets: ["http://h:1"], timeouts: {read: 7s, head: 3s}}
        """).config
    assert [upstream.timeouts.wait_for_head for upstream in config.upstreams.values()] == [7.0, 3.0]
