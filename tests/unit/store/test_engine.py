import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from hotgate.store.engine import BUSY_SECONDS, switch_to_wal
from hotgate.store.errors import StoreUnavailable, StoreUnusable
from hotgate.store.local_file import why_unusable
from hotgate.store.records import Consumer
from hotgate.store.store import Store
from unit.store.records import play


def opened(path: Path) -> None:
    async def script(store: Store) -> None:
        assert await store.consumer("acme")

    play(f"sqlite:///{path}", script)


def test_every_file_of_the_store_is_for_its_owner_only(tmp_path: Path) -> None:
    def modes() -> dict[str, int]:
        return {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}

    async def script(store: Store) -> None:
        assert modes() == {"store.db": 0o600, "store.db-shm": 0o600, "store.db-wal": 0o600}

    play(f"sqlite:///{tmp_path}/store.db", script)


def test_commits_are_durable_and_readers_do_not_wait(tmp_path: Path) -> None:
    async def script(store: Store) -> None:
        async with store.database.read() as connection:
            pragmas = [await connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
            assert pragmas == ["wal", 2]
            assert await connection.scalar(text("PRAGMA foreign_keys")) == 1

    play(f"sqlite:///{tmp_path}/store.db", script)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    opened(path)
    path.chmod(0o644)
    with pytest.raises(StoreUnusable, match="is open to other users: its mode must be 0600"):
        opened(path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    opened(tmp_path / "real.db")
    (tmp_path / "store.db").symlink_to(tmp_path / "real.db")
    with pytest.raises(StoreUnusable, match="cannot be opened"):
        opened(tmp_path / "store.db")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "store.db", 0o600)
    with pytest.raises(StoreUnusable, match="is not a regular file"):
        opened(tmp_path / "store.db")
    with pytest.raises(StoreUnusable, match="No such file"):
        opened(tmp_path / "missing" / "store.db")


def test_a_damaged_file_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"not a database at all" * 1000)
    path.chmod(0o600)
    with pytest.raises(StoreUnavailable, match="file is not a database"):
        opened(path)


def test_what_is_wrong_with_a_file_now_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    assert "No such file" in why_unusable(path)
    opened(path)
    assert why_unusable(path) == ""
    path.chmod(0o640)
    assert "must be 0600" in why_unusable(path)


def test_a_server_that_is_not_there_costs_no_password() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        asyncio.run(Store.open("postgresql://user:hunter2@127.0.0.1:1/db"))
    assert "PostgreSQL cannot be reached" in str(caught.value)
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_nothing_is_written_into_a_file_that_is_gone(tmp_path: Path) -> None:
    """A revocation would be answered as done and hold nowhere."""
    path, away = tmp_path / "store.db", tmp_path / "away.db"

    async def script(store: Store) -> None:
        path.rename(away)
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=r"is gone|unable to open"):
                await store.add_consumer(Consumer("other"))
        assert not path.exists()
        away.rename(path)
        await store.add_consumer(Consumer("other"))

    play(f"sqlite:///{path}", script)


def test_what_is_written_after_a_restore_is_in_the_file_that_was_restored(tmp_path: Path) -> None:
    path, backup = tmp_path / "store.db", tmp_path / "backup.db"

    def restore() -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink()
        backup.rename(path)

    async def restored() -> list[str]:
        store = await Store.open(f"sqlite:///{path}")
        try:
            return [consumer.name for consumer in await store.consumers()]
        finally:
            await store.close()

    async def script(store: Store) -> None:
        await store.add_consumer(Consumer("lost"))
        restore()
        await store.add_consumer(Consumer("new"))
        assert await restored() == ["acme", "new"]
        path.chmod(0o644)
        with pytest.raises(StoreUnavailable, match="is open to other users"):
            await store.add_consumer(Consumer("newer"))

    opened(backup)
    play(f"sqlite:///{path}", script)


def test_a_path_may_hold_what_means_something_in_a_uri(tmp_path: Path) -> None:
    folder = tmp_path / "a ?b#c%41&mode=ro"
    folder.mkdir()
    opened(folder / "store.db")
    assert (folder / "store.db").stat().st_size > 0


class Patient:
    """A cursor whose wait for another writer ends: that one is done as soon as somebody waits for it."""

    def __init__(self, connection: sqlite3.Connection, other: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()
        self._other = other
        self.waits = 0

    def execute(self, statement: str) -> None:
        if statement == "BEGIN IMMEDIATE":
            self.waits += 1
            self._other.rollback()
        self._cursor.execute(statement)


def test_who_opens_a_new_file_waits_for_who_was_first(tmp_path: Path) -> None:
    ends = [sqlite3.connect(tmp_path / "store.db", isolation_level=None, timeout=0) for _ in range(2)]
    with closing(ends[0]) as first, closing(ends[1]) as second:
        first.execute("BEGIN IMMEDIATE")
        cursor = Patient(second, first)
        switch_to_wal(cursor)
        assert cursor.waits == 1
        assert second.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_who_waits_in_vain_for_a_new_file_is_told(tmp_path: Path) -> None:
    ends = [sqlite3.connect(tmp_path / "store.db", isolation_level=None, timeout=0) for _ in range(2)]
    with closing(ends[0]) as first, closing(ends[1]) as second:
        first.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            switch_to_wal(second.cursor())


def test_who_waited_for_a_reader_that_does_not_end_does_not_wait_again(tmp_path: Path) -> None:
    """A reader hinders the switch, but no transaction from beginning. SQLite waits for it by itself, each time."""
    ends = [sqlite3.connect(tmp_path / "store.db", isolation_level=None, timeout=0) for _ in range(2)]
    with closing(ends[0]) as reader, closing(ends[1]) as other:
        reader.execute("CREATE TABLE records (id)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM records").fetchall()
        cursor, times = Patient(other, other), iter((0.0, BUSY_SECONDS))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            switch_to_wal(cursor, lambda: next(times))
        assert cursor.waits == 0
