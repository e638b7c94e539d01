"""`hotgate test`: what a table may say, and what is said of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hotgate.cli import app
from unit.runtime.explaining.asking import HEAD, KEYS

CONFIG = f"""\
{KEYS}
routes:
  - name: orders
    match: {{path: "/orders/{{id}}", methods: [GET]}}
    upstream: api
    authenticate: [partners]
    authorize: {{scopes: ["orders:read"]}}
"""
TABLE = """\
principals:
  clerk: {subject: ann, scopes: ["orders:read"]}
tests:
  - {request: GET /orders/7, as: clerk, expect: {decision: allow, upstream: api, upstream_path: /orders/7}}
  - {request: /orders/7, as: {subject: bob}, expect: {decision: deny, status: 403, code: insufficient-scope}}
  - {request: {method: POST, target: /orders/7, body: x}, expect: {decision: deny, code: method-not-allowed}}
  - {request: /orders/7, expect: {decision: deny, policy: authenticate, route: orders}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hotgate.yaml").write_text(HEAD + CONFIG)
    return tmp_path


def command(folder: Path, table: str) -> Result:
    file = folder / "tests.yaml"
    file.write_text(table)
    return CliRunner().invoke(app, ["test", str(file), "-c", str(folder / "hotgate.yaml"), "--offline"])


def test_a_table_that_is_right(folder: Path) -> None:
    result = command(folder, TABLE)
    assert (result.exit_code, result.stdout) == (0, f"{folder}/tests.yaml: 4 of 4 as expected\n")


def test_what_is_wrong_is_told_with_its_line_and_why(folder: Path) -> None:
    result = command(folder, TABLE + "  - name: strangers\n    request: /orders/7\n    expect: allow\n")
    assert result.exit_code == 1
    assert f"{folder}/tests.yaml:10: strangers: decision allow was expected, and it is deny" in result.stdout
    assert "partners: no credential of its kind" in result.stdout
    assert "4 of 5 as expected" in result.stdout


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ("{request: /x, as: nobody, expect: allow}", "2:23: tests[0].as: there is no 'nobody' under principals"),
        ("{request: /x, expect: allw}", "2:27: tests[0].expect: must be 'allow' or 'deny'"),
        ("{reqest: /x, expect: allow, request: /x}", "unknown key 'reqest'"),
        ('{request: "GET /a b", expect: allow}', "a target is visible ASCII"),
        ('{request: {target: /a, headers: {a: "b\\r\\nc: d"}}, expect: allow}', "values without control characters"),
        ("{expect: allow}", "missing"),
        ("{request: orders/7, expect: deny}", "2:15: tests[0].request: a target is a path that begins with /"),
        ("{request: /x, as: {subject: a, provider: partner}, expect: deny}", "2:46: tests[0].as.provider: there is no"),
        ("{request: /x, as: {subject: a}, token: b, expect: deny}", "by `as` or by `token`, not by both"),
    ],
)
def test_a_table_that_makes_no_sense(test: str, says: str, folder: Path) -> None:
    result = command(folder, f"tests:\n  - {test}\n")
    assert result.exit_code == 2
    assert says in result.stderr


def test_tokens_come_from_the_environment_and_are_never_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_TESTS", "a-secret-token-of-tests")
    result = command(folder, "tests:\n  - {request: /orders/7, token: '${TOKEN_OF_TESTS}', expect: allow}\n")
    assert result.exit_code == 1
    assert "a-secret-token" not in result.stdout + result.stderr


def test_no_table_and_no_configuration(folder: Path) -> None:
    arguments = ["test", str(folder / "none.yaml"), "-c", str(folder / "hotgate.yaml")]
    assert CliRunner().invoke(app, arguments).exit_code == 2
    assert CliRunner().invoke(app, ["test", "-c", str(folder / "none.yaml")]).exit_code == 2
