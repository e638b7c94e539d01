from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from hotgate.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable

    from hotgate.config.errors import ConfigurationError
    from hotgate.config.loader import Loaded
    from unit.cli.conftest import Shell

GOOD = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
routes: [{name: r, match: {path: /}, respond: {}, public: true}]
"""


def test_good_file_is_ok(shell: Shell) -> None:
    shell.write(GOOD)
    result = shell.run("check", "-c", str(shell.file))
    assert (result.exit_code, result.stdout) == (0, f"{shell.file}: 1 route, 0 upstreams: ok\n")


def test_every_error_has_its_line(shell: Shell) -> None:
    shell.write(GOOD + "wotch: true\nworkers: none\n")
    result = shell.run("check", "-c", str(shell.file))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{shell.file}:3:1: wotch: unknown key 'wotch'; did you mean 'watch'?",
        f"{shell.file}:4:10: workers: must be auto or a whole number from 1 to 256",
    ]


def test_missing_file_is_an_error(shell: Shell) -> None:
    result = shell.run("check", "--config", str(shell.file))
    assert (result.exit_code, result.stdout) == (1, f"{shell.file}: cannot be read: No such file or directory\n")


def test_warnings_do_not_fail(shell: Shell) -> None:
    shell.write(GOOD + 'upstreams: {u: {targets: ["http://h:1"]}}\n')
    result = shell.run("check", "-c", str(shell.file))
    assert result.exit_code == 0
    assert "upstream 'u' is not used by any route (warning)" in result.stdout


def test_errors_that_only_compiling_shows_fail(
    shell: Shell, deep_errors: list[Callable[[Loaded], ConfigurationError]]
) -> None:
    shell.write(GOOD)
    deep_errors.append(lambda loaded: loaded.error(("routes", 0, "match"), "two routes are alike"))
    result = shell.run("check", "-c", str(shell.file))
    assert (result.exit_code, result.stdout) == (1, f"{shell.file}:2:27: routes[0].match: two routes are alike\n")


def test_policies_beside_the_file_can_be_imported(
    shell: Shell, deep_errors: list[Callable[[Loaded], ConfigurationError]]
) -> None:
    seen: list[str] = []

    def look(loaded: Loaded) -> ConfigurationError:
        seen.append(sys.path[0])
        return loaded.error((), "stop")

    shell.write(GOOD)
    deep_errors.append(look)
    shell.run("check", "-c", str(shell.file))
    assert seen == [str(shell.folder.resolve())]


def test_help_starts_without_heavy_modules() -> None:
    code = "import sys, hotgate.cli; print(sorted({'starlette', 'uvicorn', 'httpx', 'yaml'} & set(sys.modules)))"
    command = [sys.executable, "-c", code]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout == "[]\n"


def test_a_client_whose_key_cannot_be_used_fails_as_it_would_at_a_start(tmp_path: Path) -> None:
    """Without the stand-in of the other tests: what runs the gateway and what checks its file must agree."""
    client = 'client: {id: a, private_key: "-----BEGIN PRIVATE KEY-----\\nYQ==\\n-----END PRIVATE KEY-----"}'
    identity = f'identity: {{corp: {{introspection: {{issuer: "https://idp.test", audience: a, {client}}}}}}}\n'
    route = "routes: [{name: r, match: {path: /}, respond: {}, authenticate: [corp]}]\n"
    file = tmp_path / "hotgate.yaml"
    file.write_text('listeners: [{name: web, bind: "127.0.0.1:0"}]\n' + identity + route)
    done = CliRunner().invoke(app, ["check", "-c", str(file)])
    assert done.exit_code == 1
    assert "identity.corp.introspection.client.private_key: is not a private key in PEM form" in done.output
