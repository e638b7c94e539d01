import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy import text

from hotgate.store.errors import StoreUnavailable, StoreUnusable
from hotgate.store.local_file import why_unusable
from hotgate.store.records import Revocation
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


def test_nothing_is_written_to_a_file_that_was_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "store.db"

    async def script(store: Store) -> None:
        path.rename(tmp_path / "moved.db")
        with pytest.raises(StoreUnavailable):
            await store.revoke(Revocation("sub", "corp", "mallory"))
        assert not path.exists()
        (tmp_path / "moved.db").rename(path)
        await store.revoke(Revocation("sub", "corp", "mallory"))

    play(f"sqlite:///{path}", script)


def test_nothing_is_written_to_a_file_that_was_replaced(tmp_path: Path) -> None:
    path, other = tmp_path / "store.db", tmp_path / "other.db"
    opened(other)

    async def script(store: Store) -> None:
        other.rename(path)
        await store.revoke(Revocation("sub", "corp", "mallory"))

    async def found(store: Store) -> None:
        assert [each.value for each in await store.revocations()] == ["mallory"]

    play(f"sqlite:///{path}", script)
    play(f"sqlite:///{path}", found)


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
    assert "PostgreSQL does not let us in" in str(caught.value)
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"
