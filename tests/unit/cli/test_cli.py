from __future__ import annotations

from typing import TYPE_CHECKING

from hotgate import __version__

if TYPE_CHECKING:
    from unit.cli.conftest import Shell


def test_version_is_shown(shell: Shell) -> None:
    result = shell.run("--version")
    assert (result.exit_code, result.stdout) == (0, f"hotgate {__version__}\n")


def test_help_lists_the_commands(shell: Shell) -> None:
    output = shell.run("--help").stdout
    assert all(command in output for command in ("run", "reload", "upgrade", "check", "routes", "schema", "init"))


def test_unknown_command_fails(shell: Shell) -> None:
    assert shell.run("chekc").exit_code == 2
