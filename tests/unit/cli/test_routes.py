from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from unit.cli.conftest import Shell

FILE = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
upstreams: {api: {targets: ["http://h:1"]}}
defaults: {upstream: api, public: true}
routes:
  - {name: rest, match: {path: "/*"}}
  - {name: one, match: {path: "/[x]/{id}"}}
  - {name: get, match: {path: "/[x]/all", methods: [GET]}}
  - {name: all, match: {path: "/[x]/all"}}
  - {name: wild, match: {path: "/*", hosts: ["*.example.com"]}}
  - {name: host, match: {path: "/*", hosts: [api.example.com]}, redirect: {to: /x}}
  - {name: fixed, match: {path: /fixed, headers: {a: "*"}}, respond: {status: 204}}
"""


def test_most_specific_route_comes_first(shell: Shell) -> None:
    shell.write(FILE)
    lines = shell.run("routes", "-c", str(shell.file)).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "host", "wild", "get", "all", "one", "fixed", "rest"]


def test_columns_are_plain_when_they_are_piped(shell: Shell) -> None:
    shell.write(FILE)
    lines = shell.run("routes", "-c", str(shell.file)).stdout.splitlines()
    assert lines[1].split() == ["host", "api.example.com", "any", "/*", "308", "/x", "public", "-"]
    assert lines[6].split() == ["fixed", "any", "any", "/fixed", "answer", "204", "public", "-"]


def test_terminal_gets_a_table(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.write(FILE)
    monkeypatch.setattr(import_module("hotgate.cli.table"), "is_terminal", lambda: True)
    output = shell.run("routes", "-c", str(shell.file)).stdout
    assert "┃ name" in output
    assert "/[x]/all" in output


def test_errors_go_to_standard_error(shell: Shell) -> None:
    shell.write("routes: 7")
    result = shell.run("routes", "-c", str(shell.file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "routes: must be a list" in result.stderr
