from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hotgate.store.database import Database
from hotgate.store.engine import create_engine
from hotgate.store.migrate import migrate

if TYPE_CHECKING:
    from unit.cli.conftest import Shell

LISTENERS = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\n'


def test_a_store_is_empty_until_its_tables_are_made(shell: Shell) -> None:
    shell.write(f"{LISTENERS}store: {{url: 'sqlite:///x.db'}}\n")
    status = shell.run("store", "status", "-c", str(shell.file)).stdout
    assert "empty; `hotgate store migrate` makes the tables" in status
    assert "x.db: revision 0005" in shell.run("store", "migrate", "-c", str(shell.file)).stdout
    status = shell.run("store", "status", "-c", str(shell.file)).stdout
    assert "revision: 0005\nconsumers: 0\nkeys: 0\n" in status


def test_status_says_whether_the_pepper_is_right_and_never_which(shell: Shell) -> None:
    def status(peppers: str) -> str:
        shell.write(f"{LISTENERS}store: {{url: 'sqlite:///x.db', pepper: {peppers}}}\n")
        return shell.run("store", "status", "-c", str(shell.file)).stdout

    old, new = "o" * 32, "n" * 32
    status(old)
    shell.run("store", "migrate", "-c", str(shell.file))
    assert "peppers: right, 1 of 1; the store knows 1" in status(old)
    assert "peppers: right, 1 of 2; the store knows 1" in status(f"[{new}, {old}]")
    wrong = status(new)
    assert "peppers: WRONG, the store was written with another one" in wrong
    assert not any(secret in wrong for secret in (old, new))


def test_status_compares_no_peppers_with_tables_that_know_none(shell: Shell) -> None:
    shell.write(f"{LISTENERS}store: {{url: 'sqlite:///x.db', pepper: {'p' * 32}}}\n")
    for revision, says in (("0002", "not compared, the tables are of another version"), ("head", "knows none yet")):
        asyncio.run(_migrate(f"sqlite:///{shell.folder}/x.db", revision))
        assert says in shell.run("store", "status", "-c", str(shell.file)).stdout


async def _migrate(url: str, revision: str) -> None:
    database = Database(create_engine(url))
    async with database.change() as connection:
        await connection.run_sync(migrate, revision)
    await database.close()


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
