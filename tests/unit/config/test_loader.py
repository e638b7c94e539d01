from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.gateway import Gateway
from hotgate.config.loader import load

if TYPE_CHECKING:
    from unit.config.conftest import Folder

HEAD = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\n'
TOKEN = HEAD + "identity:\n  corp:\n    token: {secret: %s}\n"


def test_example_of_the_design(folder: Folder) -> None:
    loaded = folder.load("""
        listeners:
          - {name: web, bind: "127.0.0.1:8080"}
        admin: {bind: "127.0.0.1:9901"}
        workers: 2
        upstreams:
          orders: {targets: ["http://127.0.0.1:9000", {url: "http://127.0.0.1:9001", weight: 2}],
                   balance: least_requests, timeouts: {connect: 1s, read: 10s}}
        identity:
          corp: {token: {secret: abc}}
        routes:
          - name: orders
            match: {hosts: [api.example.com], path: "/orders/{id}", methods: [GET]}
            upstream: orders
            authenticate: [corp]
            rate_limit: {limit: 100/minute, by: principal}
        """)
    config = loaded.config
    assert [str(config.listeners[0].bind), str(config.admin.bind)] == ["127.0.0.1:8080", "127.0.0.1:9901"]
    assert config.workers == 2
    assert [target.weight for target in config.upstreams["orders"].targets] == [1, 2]
    assert config.upstreams["orders"].timeouts.wait_for_head == 10.0
    assert config.identity["corp"].mechanism == "token"
    assert config.routes[0].policy("rate_limit").limit.count == 100
    assert config.routes[0].policy("authenticate") == ("corp",)


def test_tree_is_json_that_the_model_accepts_again(folder: Folder, model: type[Gateway]) -> None:
    loaded = folder.load(HEAD + "defaults: {public: true}\nroutes: [{name: r, match: {path: /}, respond: {}}]\n")
    again = model.model_validate(json.loads(json.dumps(loaded.tree)))
    assert again.routes == loaded.config.routes
    assert set(loaded.tree) == {"listeners", "routes"}


def test_all_errors_come_at_once_in_the_order_of_lines(folder: Folder) -> None:
    assert folder.errors("""\
        listeners:
          - {name: web, bind: "8080"}
        watch: yes
        upstreams:
          orders: {targets: ["http://h:1/x"], timeouts: {read: 30}}
        routes:
          - name: a b
            match: {path: orders}
            upstraem: orders
            max_body: ${MISSING}
        """) == [
        'hotgate.yaml:2:23: listeners[0].bind: write an address as "host:port", such as "127.0.0.1:8080", '
        '"[::1]:8080" or "0.0.0.0:8080" for every IPv4 address; port 0 takes a free one',
        "hotgate.yaml:3:8: watch: write true or false",
        'hotgate.yaml:5:22: upstreams.orders.targets[0]: write a target as "http://host:port", '
        '"https://host:port" (without path, query or user) or "unix:/path/of.sock"',
        "hotgate.yaml:5:56: upstreams.orders.timeouts.read: write a duration with its unit (ms, s, m, h, d), "
        "such as 30s",
        "hotgate.yaml:7:5: routes[0]: who may use this route? say `authenticate: [names]`, or `public: true` to let "
        "anybody in",
        "hotgate.yaml:7:11: routes[0].name: use letters, digits, '_', '.' and '-', at most 64",
        "hotgate.yaml:8:19: routes[0].match.path: a path starts with '/' and holds printable ASCII characters; "
        "encode others as %XX",
        "hotgate.yaml:9:5: routes[0].upstraem: unknown key 'upstraem'; did you mean 'upstream'?",
        "hotgate.yaml:10:15: routes.max_body: environment variable MISSING is not set; set it, or write "
        "${MISSING:-default}",
    ]


def test_missing_file_is_an_error(tmp_path: Path, model: type[Gateway]) -> None:
    with pytest.raises(ConfigurationErrors, match="cannot be read: No such file"):
        load(tmp_path / "hotgate.yaml", model)


def test_variables_give_numbers_and_flags(folder: Folder) -> None:
    config = folder.load(HEAD + "workers: ${N}\nwatch: ${W}\n", {"N": "3", "W": "false"}).config
    assert (config.workers, config.watch) == (3, False)


def test_variable_cannot_switch_a_policy_off(folder: Folder) -> None:
    text = "defaults: {public: true, respond: {}, rate_limit: {limit: 1/s}}\n"
    text += "routes: [{name: r, match: {path: /}, rate_limit: '${X}'}]\n"
    assert folder.errors(HEAD + text, {"X": "null"}) == ["hotgate.yaml:3:50: routes[0].rate_limit: must be a mapping"]


@pytest.mark.parametrize(
    "text",
    [
        "workers: ${X}",
        "upstreams: {'a': {targets: ['${X}']}}",
        "routes: [{name: '${X}', match: {path: '${X}'}, upstream: '${X}', authenticate: ['${X}'], max_body: '${X}'}]",
        "routes: [{name: r, match: {path: /}, respond: {}, public: true, rate_limit: {limit: 1/s, by: '${X}'}}]",
        "routes: [{name: r, match: {path: /}, respond: {}, public: true, rate_limit: {limit: '${X}'}}]",
        "identity: {corp: {token: {secret: x, audience: '${X}'}}}",
        "encoded_slashes: ${X}",
        "include: ['${X}', '${X}*']",
    ],
)
def test_no_error_shows_a_value_of_the_environment(folder: Folder, text: str) -> None:
    errors = folder.errors(HEAD + text + "\nno_such_key: 1\n", {"X": "hunter2-x y"})
    assert len(errors) > 1
    assert not any("hunter2" in error for error in errors)


def test_errors_do_not_carry_values_in_their_cause(folder: Folder) -> None:
    with pytest.raises(ConfigurationErrors) as caught:
        folder.load(HEAD + "workers: ${X}\n", {"X": "hunter2"})
    assert caught.value.__cause__ is None
    assert "hunter2" not in repr(caught.value)


def test_secret_file_is_read_watched_and_sent_to_the_workers(folder: Folder, model: type[Gateway]) -> None:
    key = folder.write("hunter2\n", "keys/corp")
    loaded = folder.load(TOKEN % "file:keys/corp")
    assert loaded.config.identity["corp"].settings.secret.reveal() == "hunter2"
    assert key in loaded.files
    assert model.model_validate(loaded.tree).identity["corp"].settings.secret.reveal() == "hunter2"
    assert "hunter2" not in repr(loaded.config)


def test_secret_file_that_looks_like_a_reference_is_not_followed(folder: Folder, model: type[Gateway]) -> None:
    folder.write("file:other", "key")
    loaded = folder.load(TOKEN % "file:key")
    assert model.model_validate(loaded.tree).identity["corp"].settings.secret.reveal() == "file:other"


def test_unreadable_secret_file_is_an_error_with_its_place(folder: Folder) -> None:
    assert folder.errors(TOKEN % "file:nothing") == [
        "hotgate.yaml:4:21: identity.corp.token.secret: the secret's file cannot be used: No such file or directory"
    ]


def test_secret_of_the_wrong_kind_is_not_shown(folder: Folder) -> None:
    assert folder.errors(TOKEN % "[hunter2]") == [
        "hotgate.yaml:4:21: identity.corp.token.secret: a secret must be text that is not empty; quote a number"
    ]


def test_error_of_a_later_stage_finds_its_place(folder: Folder) -> None:
    loaded = folder.load(HEAD + "routes:\n  - {name: r, match: {path: /}, respond: {}, public: true}\n")
    assert str(loaded.error(("routes", 0, "match", "path"), "no", "say yes")).endswith(
        "hotgate.yaml:3:29: routes[0].match.path: no; say yes"
    )


def test_environment_of_the_process_is_the_default(
    folder: Folder, model: type[Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "HOTGATE_TEST_WORKERS", "5")
    assert load(folder.write(HEAD + "workers: ${HOTGATE_TEST_WORKERS}\n"), model).config.workers == 5
