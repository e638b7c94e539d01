from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unit.cli.conftest import Shell


def test_file_passes_the_check(shell: Shell) -> None:
    assert shell.run("init", str(shell.folder)).exit_code == 0
    result = shell.run("check", "-c", str(shell.file))
    assert (result.exit_code, result.stdout) == (0, f"{shell.file}: 2 routes, 1 upstream: ok\n")


def test_missing_folder_is_made(shell: Shell) -> None:
    assert shell.run("init", str(shell.folder / "a" / "b")).exit_code == 0
    assert (shell.folder / "a" / "b" / "hotgate.yaml").is_file()


def test_existing_file_is_kept(shell: Shell) -> None:
    shell.write("mine")
    result = shell.run("init", str(shell.folder))
    assert result.exit_code == 1
    assert "already there" in result.stderr
    assert shell.file.read_text() == "mine"


def test_folder_that_cannot_be_made_is_an_error(shell: Shell) -> None:
    shell.write("mine")
    result = shell.run("init", str(shell.file / "below"))
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
