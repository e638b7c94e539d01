from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.config.conftest import Folder


HEAD = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
upstreams: {api: {targets: ["http://h:1"]}, other: {targets: ["http://h:2"]}}
identity: {corp: {token: {secret: abc}}}
"""


def test_route_wins_over_later_profile_over_earlier_over_defaults(folder: Folder) -> None:
    route = folder.load(
        HEAD
        + """
defaults: {upstream: api, public: true, max_body: 1, headers: {x: d}, rate_limit: {limit: 1/s}}
profiles:
  first: {max_body: 2, headers: {x: first, y: first}}
  second: {headers: {x: second}}
routes: [{name: r, match: {path: /}, profiles: [first, second], rate_limit: {limit: 9/s}}]
"""
    ).config.routes[0]
    assert (route.upstream, route.max_body, route.policy("headers")) == ("api", 2, {"x": "second"})
    assert route.policy("rate_limit").limit.count == 9


def test_null_switches_an_inherited_key_off(folder: Folder) -> None:
    text = "defaults: {upstream: api, public: true, max_body: 1, rate_limit: {limit: 1/s}}\n"
    text += "profiles: {p: {rate_limit: null}}\n"
    text += "routes: [{name: r, match: {path: /}, profiles: [p], max_body: null}]\n"
    route = folder.load(HEAD + text).config.routes[0]
    assert route.policy("rate_limit") is None
    assert route.max_body == 10 * 1024 * 1024


@pytest.mark.parametrize(
    ("inherited", "own", "public"),
    [
        ("authenticate: [corp]", "public: true", True),
        ("public: true", "authenticate: [corp]", False),
        ("authenticate: [corp]", "public: false", False),
        ("authenticate: [corp]", "public: '${YES}'", True),
    ],
)
def test_public_and_authenticate_replace_each_other(folder: Folder, inherited: str, own: str, *, public: bool) -> None:
    text = f"defaults: {{upstream: api, {inherited}}}\nroutes: [{{name: r, match: {{path: /}}, {own}}}]\n"
    route = folder.load(HEAD + text, {"YES": "true"}).config.routes[0]
    assert route.public is public
    assert route.authenticate == (() if public else ("corp",))


@pytest.mark.parametrize(
    "own", ["authenticate: null", "authenticate: []", "authenticate:", "public: null", "public: false"]
)
@pytest.mark.parametrize("inherited", ["public: true", "authenticate: [corp]", "max_body: 1"])
def test_a_slip_never_opens_a_route(folder: Folder, inherited: str, own: str) -> None:
    text = f"defaults: {{upstream: api, {inherited}}}\nroutes:\n  - name: r\n    match: {{path: /}}\n    {own}\n"
    if (inherited, own) == ("authenticate: [corp]", "public: false"):
        assert folder.load(HEAD + text).config.routes[0].authenticate == ("corp",)
    else:
        assert folder.errors(HEAD + text)


def test_target_of_a_route_replaces_an_inherited_one_of_another_kind(folder: Folder) -> None:
    text = "defaults: {upstream: api, public: true}\nroutes: [{name: r, match: {path: /}, redirect: {to: /x}}]\n"
    route = folder.load(HEAD + text).config.routes[0]
    assert route.upstream is None
    assert route.redirect is not None


def test_inherited_mistake_is_reported_once_where_it_is_written(folder: Folder) -> None:
    text = "defaults:\n  upstream: apy\n  max_body: x\n  public: true\n"
    text += "routes: [{name: a, match: {path: /a}}, {name: b, match: {path: /b}}]\n"
    errors = folder.errors(HEAD + text)
    assert [error.split(": ")[0] for error in errors] == ["hotgate.yaml:5:13", "hotgate.yaml:6:13"]


def test_mistakes_in_an_unused_profile_are_errors(routes_of: Callable[[str], list[str]]) -> None:
    errors = routes_of("profiles:\n  p: {upstraem: api, name: x, rate_limit: {limit: 1}}\n")
    assert [error.split(": ")[1] for error in errors] == [
        "profiles.p.upstraem",
        "profiles.p.name",
        "profiles.p.rate_limit.limit",
    ]
