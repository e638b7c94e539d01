from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unit.cli.conftest import Shell

LISTENERS = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\n'


def test_a_store_is_empty_until_its_tables_are_made(shell: Shell) -> None:
    shell.write(f"{LISTENERS}store: {{url: 'sqlite:///x.db'}}\n")
    status = shell.run("store", "status", "-c", str(shell.file)).stdout
    assert "empty; `hotgate store migrate` makes the tables" in status
    assert "x.db: revision 0003" in shell.run("store", "migrate", "-c", str(shell.file)).stdout
    status = shell.run("store", "status", "-c", str(shell.file)).stdout
    assert "revision: 0003\nconsumers: 0\nkeys: 0\n" in status


def test_without_a_store_there_is_an_error(shell: Shell) -> None:
    shell.write(LISTENERS)
    result = shell.run("store", "status", "-c", str(shell.file))
    assert result.exit_code == 1
    assert "has no `store`" in result.stderr


def test_a_server_that_is_down_is_an_error_without_its_password(shell: Shell) -> None:
    pepper = "p" * 32
    shell.write(f"{LISTENERS}store: {{url: 'postgresql://user:hunter2@127.0.0.1:1/db', pepper: {pepper}}}\n")
    for command in ("status", "migrate"):
        result = shell.run("store", command, "-c", str(shell.file))
        assert result.exit_code == 1
        assert "PostgreSQL cannot be reached" in result.stderr
        assert "hunter2" not in result.output
