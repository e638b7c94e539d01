from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.config.conftest import Folder


Errors = Callable[[str], list[str]]


def test_unknown_names_are_errors_with_a_hint(routes_of: Errors) -> None:
    assert routes_of("""\
        routes:
          - {name: r, match: {path: /}, upstream: apo, authenticate: [corp], profiles: [p]}
        """) == [
        "hotgate.yaml:4:43: routes[0].upstream: there is no upstream 'apo'; did you mean 'api'?",
        "hotgate.yaml:4:63: routes[0].authenticate[0]: there is no identity 'corp'; define it under `identity`",
        "hotgate.yaml:4:81: routes[0].profiles[0]: there is no profile 'p'; define it under `profiles`",
    ]


def test_names_must_be_unique(folder: Folder) -> None:
    errors = folder.errors("""\
        listeners: [{name: a, bind: "127.0.0.1:0"}, {name: a, bind: "127.0.0.1:0"}]
        defaults: {respond: {}, public: true}
        routes: [{name: r, match: {path: /}}, {name: r, match: {path: /b}}]
        """)
    assert [error.split(": ")[1] for error in errors] == ["listeners[1].name", "routes[1].name"]


@pytest.mark.parametrize(
    ("first", "second", "admin"),
    [
        ("127.0.0.1:80", "127.0.0.1:80", "127.0.0.1:1"),
        ("0.0.0.0:80", "127.0.0.1:80", "127.0.0.1:1"),
        ("127.0.0.1:80", "0.0.0.0:80", "127.0.0.1:1"),
        ("[::1]:80", "[0:0::1]:80", "127.0.0.1:1"),
        ("127.0.0.1:80", "127.0.0.1:81", "127.0.0.1:81"),
        ("127.0.0.1:80", "127.0.0.1:9900", None),
    ],
)
def test_addresses_must_not_be_shared(folder: Folder, first: str, second: str, admin: str | None) -> None:
    text = f'listeners: [{{name: a, bind: "{first}"}}, {{name: b, bind: "{second}"}}]\n'
    text += f'admin: {{bind: "{admin}"}}\n' if admin else ""
    errors = folder.errors(text)
    assert len(errors) == 1
    assert "the address is taken by" in errors[0]


@pytest.mark.parametrize(
    "binds", [("127.0.0.1:0", "127.0.0.1:0"), ("127.0.0.1:80", "127.0.0.2:80"), ("[::1]:80", "127.0.0.1:80")]
)
def test_other_addresses_may_be_used_together(folder: Folder, binds: tuple[str, str]) -> None:
    folder.load(f'listeners: [{{name: a, bind: "{binds[0]}"}}, {{name: b, bind: "{binds[1]}"}}]\n')


def test_unused_definitions_are_warnings(folder: Folder) -> None:
    loaded = folder.load("""\
        listeners: [{name: web, bind: "127.0.0.1:0"}]
        upstreams: {used: {targets: ["http://h:1"]}, idle: {targets: ["http://h:1"]}}
        profiles: {p: {upstream: used}}
        """)
    assert [str(warning).rpartition("/")[2] for warning in loaded.warnings] == [
        "hotgate.yaml:2:46: upstreams.idle: upstream 'idle' is not used by any route",
        "hotgate.yaml:3:12: profiles.p: profile 'p' is not used by any route",
    ]
