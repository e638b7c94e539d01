"""The commands for keys, consumers and revocations, on a store in a folder of their own."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner, Result

from hotgate.cli import app
from hotgate.control.api import key_models
from hotgate.identity.api_keys.managed_key import PATTERN

commands = import_module("hotgate.cli.keys")  # the package's attribute of this name is what Typer made of it

FILE = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
store: {}
identity: {corp: {jwt: {issuer: "https://idp.test", audience: api, jwks_url: "https://idp.test/jwks"}}}
"""


class Shell:
    """Runs commands on a configuration with a store."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "hotgate.yaml"
        self.file.write_text(FILE)

    def run(self, *arguments: str, given: str = "") -> Result:
        return CliRunner().invoke(app, [*arguments, "-c", str(self.file)], input=given)

    def done(self, *arguments: str, given: str = "") -> str:
        """What a command prints that must succeed."""
        result = self.run(*arguments, given=given)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *arguments: str, given: str = "", status: int = 1) -> str:
        """What a command says that must not succeed."""
        result = self.run(*arguments, given=given)
        assert result.exit_code == status, result.output
        assert result.stdout == ""
        return result.stderr


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def new_key(shell: Shell, *options: str) -> str:
    return shell.done("keys", "create", "acme", "--create-consumer", *options).strip()


def id_of(key: str) -> str:
    return key.split("_")[2]


def test_the_key_alone_is_printed_and_never_again(shell: Shell) -> None:
    result = shell.run("keys", "create", "acme", "--create-consumer")
    key = result.stdout.removesuffix("\n")
    assert re.fullmatch(PATTERN, key)
    assert "it will not be shown again" in result.stderr
    assert key not in result.stderr
    secret = key.rpartition("_")[2]
    for command in (("keys", "list"), ("keys", "list", "--json"), ("keys", "show", id_of(key))):
        assert secret not in shell.done(*command)
    state = shell.file.parent / "hotgate-state"
    assert not [file for file in state.iterdir() if secret.encode() in file.read_bytes()]


@pytest.mark.parametrize("command", ["show", "rotate", "revoke"])
def test_a_whole_key_in_place_of_its_id_is_not_repeated(shell: Shell, command: str) -> None:
    key = new_key(shell)
    said = shell.refused("keys", command, key)
    assert said == f"this is a whole key, which is secret; use its id, {id_of(key)}\n"


def test_a_key_with_everything(shell: Shell) -> None:
    key = new_key(
        shell,
        *("-e", "test", "--scope", "a", "--scope", "b", "--role", "r", "--expires", "2099-01-01T00:00:00+01:00"),
        *("--limit", "100/minute", "--network", "192.0.2.0/24", "--route", "orders", "--metadata", "team=x=y"),
    )
    shown = json.loads(shell.done("keys", "show", id_of(key)))
    assert (shown["scopes"], shown["roles"], shown["routes"]) == (["a", "b"], ["r"], ["orders"])
    assert (shown["environment"], shown["expires"], shown["limit"]) == ("test", "2098-12-31T23:00:00Z", "100/1m")
    assert (shown["networks"], shown["metadata"]) == (["192.0.2.0/24"], {"team": "x=y"})


def test_a_duration_counts_from_now(shell: Shell) -> None:
    shown = json.loads(new_key(shell, "--expires", "90d", "--json"))
    expires, created = (datetime.fromisoformat(shown[name]) for name in ("expires", "created"))
    assert abs((expires - created).total_seconds() - 90 * 86400) < 60
    assert datetime.now(UTC) < expires


def test_keys_are_listed(shell: Shell) -> None:
    key, other = new_key(shell), shell.done("keys", "create", "globex", "--create-consumer").strip()
    header, *rows = shell.done("keys", "list").splitlines()
    assert header.split("  ")[0] == "id"
    assert sorted(row.split()[0] for row in rows) == sorted([id_of(key), id_of(other)])
    (row,) = shell.done("keys", "list", "--consumer", "globex").splitlines()[1:]
    assert row.split()[:5] == [id_of(other), "globex", "live", "active", f"…{other[-4:]}"]
    page = json.loads(shell.done("keys", "list", "--json", "--limit", "1"))
    assert len(page["items"]) == 1
    rest = json.loads(shell.done("keys", "list", "--json", "--after", page["next"]))
    assert [len(rest["items"]), rest["next"]] == [1, None]


def test_keys_of_one_state_are_listed_over_pages(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_PAGE", 2)
    ids = sorted(id_of(new_key(shell)) for _ in range(7))
    revoked = [ids[0], ids[3], ids[6]]
    for key_id in revoked:
        shell.done("keys", "revoke", key_id)

    def listed(*options: str) -> list[str]:
        return [row.split()[0] for row in shell.done("keys", "list", *options).splitlines()[1:]]

    assert listed("--state", "revoked") == revoked
    assert listed("--state", "revoked", "--limit", "2") == revoked[:2]
    assert listed("--state", "revoked", "--after", revoked[1]) == revoked[2:]
    assert listed("--state", "active") == sorted(set(ids) - set(revoked))
    assert listed("--state", "expired") == []
    assert "is not one of" in shell.refused("keys", "list", "--state", "lively", status=2)


def test_states_are_those_of_the_api() -> None:
    assert get_args(commands.State) == get_args(key_models.State)


def test_a_key_is_changed_and_keeps_the_rest(shell: Shell) -> None:
    key_id = id_of(new_key(shell, "--scope", "a", "--role", "r", "--limit", "1/s", "--expires", "90d"))
    arguments = ("--scope", "b", "--scope", "c", "--route", "orders", "--network", "192.0.2.1", "--metadata", "x=y")
    assert shell.done("keys", "change", key_id, *arguments) == f"{key_id} is changed\n"
    shown = json.loads(shell.done("keys", "show", key_id))
    assert (shown["scopes"], shown["roles"], shown["limit"]) == (["b", "c"], ["r"], "1/1s")
    assert (shown["routes"], shown["networks"], shown["metadata"]) == (["orders"], ["192.0.2.1/32"], {"x": "y"})
    assert shown["expires"] is not None


def test_an_empty_text_takes_away(shell: Shell) -> None:
    key_id = id_of(new_key(shell, "--scope", "a", "--role", "r", "--limit", "1/s", "--metadata", "x=y"))
    gone = ("--scope", "", "--role", "", "--limit", "", "--metadata", "", "--expires", "never", "--not-before", "")
    shown = json.loads(shell.done("keys", "change", key_id, *gone, "--json"))
    assert [shown[name] for name in ("scopes", "roles", "limit", "metadata")] == [[], [], None, {}]
    assert (shown["expires"], shown["not_before"]) == (None, None)


def test_a_change_of_nothing_or_of_no_key_is_refused(shell: Shell) -> None:
    key_id = id_of(new_key(shell))
    assert shell.refused("keys", "change", key_id) == "nothing to change\n"
    assert shell.refused("keys", "change", "nobody", "--role", "r") == "there is no key 'nobody'\n"
    assert "in the past" in shell.refused("keys", "change", key_id, "--expires", "2020-01-01T00:00:00Z")


def test_a_time_beyond_all_calendars_is_shown(shell: Shell) -> None:
    key_id = id_of(new_key(shell, "--expires", "9999-12-31T00:00:00Z"))
    first = id_of(shell.done("keys", "rotate", key_id))
    rotated = id_of(shell.done("keys", "rotate", first))
    assert rotated in shell.done("keys", "list")


def test_rotate_prints_the_new_key(shell: Shell) -> None:
    old = new_key(shell, "--scope", "a")
    new = shell.done("keys", "rotate", id_of(old), "--overlap", "1h").strip()
    assert new != old
    assert re.fullmatch(PATTERN, new)
    assert json.loads(shell.done("keys", "show", id_of(new)))["scopes"] == ["a"]
    assert json.loads(shell.done("keys", "show", id_of(old)))["expires"] is not None


def test_revoke_says_why_later(shell: Shell) -> None:
    key = new_key(shell)
    assert shell.done("keys", "revoke", id_of(key), "--reason", "leaked") == f"{id_of(key)} is revoked\n"
    shown = json.loads(shell.done("keys", "show", id_of(key)))
    assert (shown["state"], shown["revoked_reason"]) == ("revoked", "leaked")
    assert "revoked" in shell.done("keys", "list")


def test_import_from_a_file_and_from_standard_input(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "keys.csv"
    file.write_text("\ufeffkey,consumer\nan-old-key-of-acme,acme\n", encoding="utf-8")
    assert shell.done("keys", "import", str(file), "--create-consumers") == "imported 1 keys\n"
    lines = json.dumps({"sha256": "0" * 64, "consumer": "acme"})
    assert shell.done("keys", "import", "-", given=lines) == "imported 1 keys\n"
    said = shell.refused("keys", "import", "-", given="key,consumer\nan-old-key-of-acme,acme\nshort,acme\n")
    assert said == "line 3: a key has 8 to 512 characters\nnothing was imported: 1 line is wrong\n"
    assert "cannot be read" in shell.refused("keys", "import", str(tmp_path / "missing.csv"))
    file.write_bytes(b"key\xff")
    assert "is not UTF-8" in shell.refused("keys", "import", str(file))


def test_consumers_live_and_go(shell: Shell) -> None:
    shell.done("consumers", "create", "acme", "--group", "g", "--role", "r", "--tier", "gold", "--metadata", "a=b")
    key = shell.done("keys", "create", "acme").strip()
    shell.done("consumers", "change", "acme", "--tier", "", "--role", "s", "--role", "t")
    shown = json.loads(shell.done("consumers", "show", "acme"))
    assert (shown["groups"], shown["roles"], shown["tier"], shown["metadata"]) == (["g"], ["s", "t"], None, {"a": "b"})
    assert shell.done("consumers", "disable", "acme") == "acme is disabled\n"
    assert "disabled" in shell.done("consumers", "list").splitlines()[1]
    assert json.loads(shell.done("consumers", "enable", "acme", "--json"))["disabled"] is False
    assert len(json.loads(shell.done("consumers", "list", "--json"))["items"]) == 1
    assert shell.run("consumers", "remove", "acme", given="n\n").exit_code == 1
    shell.done("consumers", "remove", "acme", "--yes")
    assert "there is no key" in shell.refused("keys", "show", id_of(key))


def test_revocations_are_added_listed_and_lifted(shell: Shell) -> None:
    shell.done("revocations", "add", "--provider", "corp", "--sub", "ada", "--reason", "left", "--expires", "24h")
    added = json.loads(
        shell.done("revocations", "add", "--provider", "corp", "--issued-before", "2026-01-01T00:00:00Z", "--json")
    )
    assert (added["kind"], added["before"]) == ("all", "2026-01-01T00:00:00Z")
    assert len(json.loads(shell.done("revocations", "list", "--json"))["items"]) == 2
    assert [row.split()[:3] for row in shell.done("revocations", "list").splitlines()[1:]] == [
        ["corp", "all", "-"],
        ["corp", "sub", "ada"],
    ]
    assert shell.done("revocations", "lift", "--provider", "corp", "--sub", "ada") == "lifted: corp sub ada\n"
    assert "there is no" in shell.refused("revocations", "lift", "--provider", "corp", "--sub", "ada")


def test_revocations_are_listed_page_by_page(shell: Shell) -> None:
    for name in ("ada", "bob", "eve"):
        shell.done("revocations", "add", "--provider", "corp", "--sub", name)
    first = shell.run("revocations", "list", "--limit", "2")
    assert [row.split()[2] for row in first.stdout.splitlines()[1:]] == ["ada", "bob"]
    cursor = first.stderr.split()[-1]
    assert cursor == json.loads(shell.done("revocations", "list", "--json", "--limit", "2"))["next"]
    rest = shell.run("revocations", "list", "--limit", "2", "--after", cursor)
    assert [row.split()[2] for row in rest.stdout.splitlines()[1:]] == ["eve"]
    assert rest.stderr == ""
    assert "--after" in shell.refused("revocations", "list", "--after", "ü", status=2)


@pytest.mark.parametrize(
    "arguments", [(), ("--jti", "a", "--sub", "b"), ("--jti", "a", "--all"), ("--sub", "a", "--expires", "soon")]
)
def test_a_revocation_of_nothing_or_two_things_is_refused(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.refused("revocations", "add", "--provider", "corp", *arguments, status=2)


def test_a_duration_before_which_tokens_were_issued_counts_back(shell: Shell) -> None:
    made = json.loads(shell.done("revocations", "add", "--provider", "corp", "--issued-before", "2h", "--json"))
    before, created = (datetime.fromisoformat(made[name]) for name in ("before", "created"))
    assert abs((created - before).total_seconds() - 2 * 3600) < 60
    said = shell.refused(
        "revocations", "add", "--provider", "corp", "--issued-before", "2099-01-01T00:00:00Z", status=2
    )
    assert "must not lie in the future" in said


def test_a_change_of_nothing_says_what_can_be_changed(shell: Shell) -> None:
    shell.done("consumers", "create", "acme")
    assert "--group" in shell.refused("consumers", "change", "acme", status=2)


def test_a_misspelt_provider_is_refused(shell: Shell) -> None:
    said = shell.refused("revocations", "add", "--provider", "crop", "--jti", "a")
    assert said == "no entry 'crop' under `identity` has callers to revoke; those that do: corp\n"


def test_without_a_store_the_commands_say_what_to_add(shell: Shell) -> None:
    shell.file.write_text('listeners: [{name: web, bind: "127.0.0.1:0"}]\n')
    for command in (("keys", "list"), ("consumers", "list"), ("revocations", "list")):
        assert shell.refused(*command) == f"{shell.file} has no store: add `store: {{}}`\n"


def test_a_wrong_file_is_reported(shell: Shell) -> None:
    shell.file.write_text("listeners: 1\n")
    assert f"{shell.file}:1:" in shell.refused("keys", "list")


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("--expires", "tomorrow"), 2, "write a time"),
        (("--metadata", "x"), 2, "NAME=TEXT"),
        (("--expires", "2020-01-01T00:00:00Z"), 1, "in the past"),
        (("--network", "nowhere"), 1, "networks must be"),
    ],
)
def test_wrong_options_are_explained(shell: Shell, options: tuple[str, ...], status: int, says: str) -> None:
    assert says in shell.refused("keys", "create", "acme", "--create-consumer", *options, status=status)


def test_an_argument_that_is_no_text_is_refused(shell: Shell) -> None:
    for arguments in (
        ("keys", "show", "\udcff"),
        ("consumers", "show", "\udcff"),
        ("keys", "list", "--after", "\udcff"),
    ):
        assert shell.refused(*arguments) == "an argument is not UTF-8\n"


def test_a_key_that_opens_nothing_is_warned_of(shell: Shell) -> None:
    shell.file.write_text(
        'listeners: [{name: web, bind: "127.0.0.1:0"}]\nstore: {}\nidentity: {p: {api_key: {managed: true}}}\n'
        'routes: [{name: orders, match: {path: "/*"}, authenticate: [p], respond: {}}]\n'
    )

    def warnings(*options: str) -> list[str]:
        result = shell.run("keys", "create", "acme", "--create-consumer", *options)
        assert result.exit_code == 0
        return [line for line in result.stderr.splitlines() if line.startswith("warning: ")]

    assert warnings("--route", "orders") == []
    assert warnings("--route", "order") == ["warning: there is no route 'order'"]
    assert warnings("-e", "test") == ["warning: no `api_key` entry accepts keys of the environment 'test'"]


def test_a_damaged_store_is_said_to_be_the_store(shell: Shell) -> None:
    shell.done("consumers", "list")
    (shell.file.parent / "hotgate-state" / "hotgate.db").write_bytes(b"no database" * 1000)
    assert shell.refused("keys", "list") == "the store cannot be used: file is not a database\n"


def test_an_unknown_consumer_is_not_made_unasked(shell: Shell) -> None:
    shell.done("consumers", "create", "acme")
    assert shell.refused("keys", "create", "acne") == "there is no consumer 'acne'; did you mean 'acme'?\n"


@pytest.mark.parametrize("store", ["", "store:\n", "store: null\n"])
def test_check_wants_a_store_for_managed_keys(shell: Shell, store: str) -> None:
    shell.file.write_text(
        'listeners: [{name: web, bind: "127.0.0.1:0"}]\nidentity: {p: {api_key: {managed: true}}}\n'
        f'routes: [{{name: r, match: {{path: "/*"}}, authenticate: [p], respond: {{}}}}]\n{store}'
    )
    said = f"{shell.file}:2:35: identity.p.api_key.managed: there is no store; add `store: {{}}`\n"
    assert shell.run("check").output == said


def test_check_wants_a_store_for_consumers_with_certificates(shell: Shell) -> None:
    shell.file.write_text(
        'listeners: [{name: web, bind: "127.0.0.1:0", trusted_proxies: [127.0.0.1]}]\n'
        "identity: {devices: {mtls: {from: xfcc, consumers: true}}}\n"
        'routes: [{name: r, match: {path: "/*"}, authenticate: [devices], respond: {}}]\n'
    )
    assert shell.run("check").output == (
        f"{shell.file}:2:52: identity.devices.mtls.consumers: there is no store; add `store: {{}}`\n"
    )


def test_check_wants_a_store_for_managed_keys_and_warns_of_the_query(shell: Shell) -> None:
    shell.file.write_text(
        'listeners: [{name: web, bind: "127.0.0.1:0"}]\n'
        "identity: {partners: {api_key: {managed: true, query: k}}}\n"
        'routes: [{name: r, match: {path: "/*"}, authenticate: [partners], respond: {}}]\n'
    )
    assert shell.run("check").output == (
        f"{shell.file}:2:42: identity.partners.api_key.managed: there is no store; add `store: {{}}`\n"
    )
    shell.file.write_text(shell.file.read_text() + "store: {}\n")
    assert (
        f"{shell.file}:2:55: identity.partners.api_key.query: a key in the query ends up in histories and logs"
        in shell.done("check")
    )


def test_a_value_that_a_terminal_would_obey_is_shown_escaped(shell: Shell) -> None:
    assert (
        shell.done("revocations", "add", "--provider", "corp", "--sub", "ada\n\x1b[2J")
        == "revoked: corp sub 'ada\\n\\x1b[2J'\n"
    )
    assert "'ada\\n\\x1b[2J'" in shell.done("revocations", "list")
