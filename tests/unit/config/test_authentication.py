"""`authenticate:` with groups: what is wrong, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hotgate.config.authentication import AllOf

if TYPE_CHECKING:
    from unit.config.conftest import Folder

Errors = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("value", "place", "message"),
    [
        ("[{all: [corp, nobody]}]", "authenticate[0].all[1]", "there is no identity 'nobody'"),
        ("[corp, {all: [nobody, corp]}]", "authenticate[1].all[0]", "there is no identity 'nobody'"),
        ("[{all: [corp]}]", "authenticate[0].all", "needs 2 or more entries"),
        ("[{all: corp}]", "authenticate[0].all", "must be a list"),
        ("[{al: [corp, keys]}]", "authenticate[0].al", "unknown key 'al'; did you mean 'all'?"),
        ("[{}]", "authenticate[0]", "key 'all' is missing"),
        ("[{all: [corp, corp]}]", "authenticate[0]", "name each entry of `identity` only once"),
        ("[{all: [corp, {all: [corp, keys]}]}]", "authenticate[0].all[1]", "must be text"),
        ("[[corp, keys]]", "authenticate[0]", "must be text"),
        ("[5]", "authenticate[0]", "must be text"),
    ],
)
def test_mistakes_are_shown_where_they_are(folder: Folder, value: str, place: str, message: str) -> None:
    errors = folder.errors(f"""\
        listeners: [{{name: web, bind: "127.0.0.1:0"}}]
        identity: {{corp: {{api_key: {{}}}}, keys: {{api_key: {{}}}}}}
        routes:
          - {{name: r, match: {{path: /}}, respond: {{}}, authenticate: {value}}}
        """)
    assert any(":4:" in error and f"routes[0].{place}: " in error and message in error for error in errors), errors


def test_a_group_is_shown_as_it_is_meant() -> None:
    assert str(AllOf(all=("corp", "devices"))) == "corp+devices"


def test_a_name_in_a_group_is_used(folder: Folder) -> None:
    loaded = folder.load("""\
        listeners: [{name: web, bind: "127.0.0.1:0"}]
        identity: {corp: {api_key: {}}, keys: {api_key: {}}, idle: {api_key: {}}}
        routes: [{name: r, match: {path: /}, respond: {}, authenticate: [{all: [corp, keys]}]}]
        """)
    (warning,) = loaded.warnings
    assert "identity 'idle' is not used" in str(warning)
