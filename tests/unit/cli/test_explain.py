"""`hotgate explain` where no gateway runs: what it takes, and how it ends."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hotgate.cli import app
from hotgate.testing.issuer import Issuer

ISSUER = Issuer()
KEY = "0123456789abcdef"
CONFIG = f"""\
listeners: [{{name: web, bind: "127.0.0.1:0"}}]
upstreams: {{api: {{targets: ["http://127.0.0.1:9"]}}}}
runtime_dir: run
identity:
  corp: {{jwt: {{issuer: "https://idp.test", audience: api, jwks_file: keys.json}}}}
  partners: {{api_key: {{header: x-partner, keys: [{{id: ci, sha256: "{sha256(KEY.encode()).hexdigest()}"}}]}}}}
routes:
  - {{name: all, match: {{path: "/orders/*"}}, upstream: api, authenticate: [corp, partners]}}
  - {{name: echo, match: {{path: "/echo", headers: {{x-a: b}}}}, upstream: api, public: true, max_body: 4B}}
"""
TOKEN = ISSUER.token({"iss": "https://idp.test", "aud": "api", "sub": "alice", "exp": 4_000_000_000}).decode()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hotgate.yaml").write_text(CONFIG)
    (tmp_path / "broken.yaml").write_text(CONFIG.replace("[corp, partners]", "[corp, corp]"))
    without = CONFIG.replace(", partners]", "]").replace("  partners:", "#")
    (tmp_path / "keyless.yaml").write_text(without)
    (tmp_path / "keys.json").write_text(json.dumps(ISSUER.jwks()))
    (tmp_path / "text.yaml").write_text("subject: alice\nscopes: orders:read\n")
    (tmp_path / "crop.yaml").write_text("{subject: al, provider: crop}\n")
    (tmp_path / "latin.yaml").write_bytes(b"subject: \xfc\n")
    return tmp_path


def command(*arguments: str, stdin: str = "", **environment: str) -> Result:
    return CliRunner().invoke(app, ["explain", *arguments], input=stdin, env=environment)


def test_a_credential_may_come_from_everywhere(folder: Path) -> None:
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "fields").write_text(f"Authorization: Bearer {TOKEN}\n\n")
    ways = [
        command("/orders/1", "--token", TOKEN),
        command("/orders/1", "--token-file", "token"),
        command("/orders/1", "--token-file", "-", stdin=TOKEN),
        command("/orders/1", HOTGATE_TOKEN=TOKEN),
        command("/orders/1", "--header", f"Authorization: Bearer {TOKEN}"),
        command("/orders/1", "--header-file", "fields"),
        command("/orders/1", "--api-key", KEY),
        command("/orders/1", "--api-key-file", "-", stdin=KEY),
        command("/orders/1", HOTGATE_API_KEY=KEY),
    ]
    assert [(way.exit_code, TOKEN[:30] in way.output, KEY in way.output) for way in ways] == [(0, False, False)] * 9
    assert "caller alice: provider corp" in ways[0].stdout
    assert "caller ci: provider partners" in ways[-1].stdout


def test_who_sends_nothing_is_denied(folder: Path) -> None:
    result = command("GET /orders/1")
    assert result.exit_code == 1
    assert "corp: no credential of its kind" in result.stdout
    assert "partners: no credential of its kind" in result.stdout


def test_the_rest_of_a_request(folder: Path) -> None:
    (folder / "body").write_text("12345")
    assert command("POST /echo", "--header", "x-a: b", "--body", "1234").exit_code == 0
    assert "body-too-large" in command("POST /echo", "--header", "x-a: b", "--body", "@body").stdout
    assert "it asks for the header x-a" in command("POST http://a.test/echo").stdout


def test_what_is_no_request_says_what_is_wrong_with_it(folder: Path) -> None:
    for request, says in (("GTE /orders/1", "because The request is not valid HTTP/1.1: "), ("/a%2", "not valid: ")):
        result = command(request)
        assert result.exit_code == 1
        assert result.stdout.startswith(request if " " in request else f"GET {request}")
        assert says in result.stdout
        assert "no route matches" not in result.stdout


def test_json_is_what_the_admin_api_answers(folder: Path) -> None:
    answer = json.loads(command("/orders/1", "--json").stdout)
    assert (answer["decision"], answer["live"], answer["by"]["at"]) == ("deny", False, "hotgate.yaml:8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name a request"),
        (["/orders/1", "--header", "no-colon"], "'Name: value'"),
        (["/orders/1", "--header", "a b: c"], "a name that is a token"),
        (["/orders/1", "--principal", "none.yaml"], "cannot be read"),
        (["/orders/1", "--principal", "keys.json"], "keys.json:1:2: keys: unknown key 'keys'; known keys: claims"),
        (["/orders/1", "--principal", "text.yaml"], "text.yaml:2:9: scopes: must be a list"),
        (["/orders/1", "--principal", "crop.yaml"], "crop.yaml:1:25: provider: there is no identity 'crop'; did you"),
        (["/orders/1", "--principal", "latin.yaml"], "latin.yaml cannot be read: it is not UTF-8"),
        (["/orders/1", "--client", "nowhere"], "client: must be an IP address"),
        (["/orders/1", "--host", "a b"], "host: must be visible ASCII"),
        (["orders/1"], "target: a target is a path that begins with /"),
        (["GET"], "target: a target is a path that begins with /"),
        (["/orders/1", "--api-key", "x", "-c", "keyless.yaml"], "no entry of `identity` takes API keys"),
        (["/orders/1", "--at", "noon"], "write a time with its zone"),
        (["/orders/1", "--certificate", "keys.json"], "not in PEM form"),
        (["/orders/1", "-c", "none.yaml"], "cannot be read"),
        (["/orders/1", "-c", "broken.yaml"], "broken.yaml:8:"),
        (["/orders/\u00fc"], "visible ASCII"),
        (["/orders/1", "--token", "a\r\nx-injected: b"], "without control characters"),
    ],
)
def test_what_cannot_be_explained_is_an_error_and_no_denial(arguments: list[str], says: str) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_ticket_needs_a_gateway_that_runs(folder: Path) -> None:
    result = command("--ticket")
    assert result.exit_code == 2
    assert "no gateway of this configuration is running" in result.stderr


def test_nothing_is_made_by_looking(folder: Path) -> None:
    (folder / "hotgate.yaml").write_text(CONFIG + "store: {}\nsessions: {}\n")
    before = set(folder.rglob("*"))
    assert command("/orders/1").exit_code == 1
    assert set(folder.rglob("*")) == before
