"""What a worker knows of an SQLite store, while others write to it and while it breaks."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hotgate.store.credentials import MAX_UNKNOWN, Credentials, CredentialSettings
from hotgate.store.errors import StoreUnavailable
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer, Revocation
from hotgate.store.store import Store
from unit.store.records import ACME, digest, key

Claims = tuple[str | None, str | None, str | None, str | None]

NOW = 1000.0
MAX_STALE = 60.0


class Scene:
    """A store with one consumer that has a key, k1, and a worker that reads it."""

    def __init__(self, path: Path, store: Store, cache: int = 100) -> None:
        self.path = path
        self.store = store
        self.now = NOW
        self.changes = 0
        self.worker = Credentials()
        self.worker.on_change(self._changed)
        self.worker.use(CredentialSettings(path, Peppers([b"p" * 32]), MAX_STALE, cache, is_replica=False), NOW)

    def tick(self, seconds: float = 0.25) -> None:
        self.now += seconds
        self.worker.tick(self.now)

    def knows(self, name: str) -> bool:
        return self.worker.find_key(digest(name)) is not None

    def break_file(self) -> None:
        """Nobody can read it any more."""
        self.path.rename(self.path.with_suffix(".away"))

    def remove_files(self) -> None:
        """All three, as one does before a backup is put in their place."""
        for end in ("", "-wal", "-shm"):
            Path(f"{self.path}{end}").unlink()

    def mend_file(self) -> None:
        self.path.with_suffix(".away").rename(self.path)

    def _changed(self) -> None:
        self.changes += 1


def play(folder: Path, script: Callable[[Scene], Awaitable[None]], cache: int = 100) -> None:
    async def run() -> None:
        store = await Store.open(f"sqlite:///{folder}/store.db")
        try:
            await store.add_consumer(ACME)
            await store.add_key(key("k1"))
            await script(Scene(folder / "store.db", store, cache))
        finally:
            await store.close()

    asyncio.run(run())


def test_a_key_comes_with_its_consumer(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        found = scene.worker.find_key(digest("k1"))
        assert found is not None
        assert (found.key, found.consumer) == (key("k1"), ACME)
        assert scene.worker.find_key(digest("k1")) is found
        assert scene.worker.find_key(digest("k2")) is None

    play(tmp_path, script)


def test_a_change_forgets_what_was_changed_and_nothing_else(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        await scene.store.add_key(key("k2"))
        scene.tick()
        one, two = scene.worker.find_key(digest("k1")), scene.worker.find_key(digest("k2"))
        version = scene.worker.version
        await scene.store.revoke_key("k1", "leaked", NOW)
        scene.tick()
        found = scene.worker.find_key(digest("k1"))
        assert found is not None
        assert found is not one
        assert found.key.revoked_reason == "leaked"
        assert scene.worker.find_key(digest("k2")) is two
        assert scene.worker.version == version + 1

    play(tmp_path, script)


def test_a_disabled_consumer_is_seen_in_all_its_keys(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        assert scene.knows("k1")
        await scene.store.change_consumer("acme", is_disabled=True)
        scene.tick()
        found = scene.worker.find_key(digest("k1"))
        assert found is not None
        assert found.consumer.is_disabled
        await scene.store.remove_consumer("acme")
        scene.tick()
        assert not scene.knows("k1")

    play(tmp_path, script)


def test_a_consumer_is_known_until_it_changes(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        found = scene.worker.consumer("acme")
        assert found == ACME
        await scene.store.add_consumer(Consumer("other"))
        scene.tick()
        assert scene.worker.consumer("acme") is found
        await scene.store.change_consumer("acme", is_disabled=True)
        scene.tick()
        assert scene.worker.consumer("acme") == replace(ACME, is_disabled=True)
        await scene.store.remove_consumer("acme")
        scene.tick()
        assert scene.worker.consumer("acme") is None

    play(tmp_path, script)


def test_a_consumer_that_was_unknown_is_found_once_it_is_there(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        for name in ("new", "x" * 201, "é\0'; DROP TABLE consumers", ""):
            assert scene.worker.consumer(name) is None
        await scene.store.add_consumer(Consumer("new"))
        scene.tick()
        assert scene.worker.consumer("new") == Consumer("new")

    play(tmp_path, script)


def test_consumers_that_are_known_work_on_without_the_file(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        scene.worker.consumer("acme")
        scene.break_file()
        scene.tick()
        assert scene.worker.consumer("acme") == ACME
        with pytest.raises(StoreUnavailable):
            scene.worker.consumer("other")
        scene.tick(MAX_STALE + 1)
        with pytest.raises(StoreUnavailable):
            scene.worker.consumer("acme")

    play(tmp_path, script)


def test_a_key_that_was_unknown_is_found_once_it_is_there(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        assert not scene.knows("k2")
        await scene.store.add_key(key("k2"))
        scene.tick()
        assert scene.knows("k2")

    play(tmp_path, script)


def test_that_a_key_was_used_forgets_nothing(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        found, version = scene.worker.find_key(digest("k1")), scene.worker.version
        await scene.store.touch_keys({"k1": NOW})
        scene.tick()
        assert scene.worker.find_key(digest("k1")) is found
        assert scene.worker.version == version

    play(tmp_path, script)


def test_who_missed_changes_forgets_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotgate.store.database.CHANGES_KEPT", 1)
    monkeypatch.setattr("hotgate.store.database._PRUNE_EVERY", 1)

    async def script(scene: Scene) -> None:
        found = scene.worker.find_key(digest("k1"))
        await scene.store.revoke_key("k1", "leaked", NOW)
        for number in range(3):
            await scene.store.add_consumer(Consumer(f"other-{number}"))
        scene.tick()
        assert scene.worker.find_key(digest("k1")) is not found

    play(tmp_path, script)


def test_both_caches_are_bounded(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        await scene.store.add_keys([key(f"n{number}") for number in range(5)])
        scene.tick()
        kept = scene.worker.find_key(digest("k1"))
        for number in range(5):
            assert scene.knows(f"n{number}")
            assert scene.worker.find_key(digest("k1")) is kept  # the one that is used stays
        for number in range(MAX_UNKNOWN + 10):
            assert not scene.knows(f"flood {number}")
        assert len(scene.worker._found) == 3
        assert len(scene.worker._unknown) == MAX_UNKNOWN

    play(tmp_path, script, cache=3)


@pytest.mark.parametrize(
    ("kind", "value", "claims"),
    [
        ("jti", "t1", ("t1", None, None, None)),
        ("sub", "bob", (None, "bob", None, None)),
        ("sid", "s1", (None, None, "s1", None)),
        ("client", "app", (None, None, None, "app")),
        ("all", "", ("x", "y", "z", "w")),
    ],
)
def test_a_token_is_revoked_by_any_of_its_claims(tmp_path: Path, kind: str, value: str, claims: Claims) -> None:
    async def script(scene: Scene) -> None:
        assert not scene.worker.is_revoked("corp", *claims, 5.0)
        await scene.store.revoke(Revocation(kind, "corp", value, before=6.0))  # type: ignore[arg-type]
        scene.tick()
        assert scene.worker.is_revoked("corp", *claims, 5.0)
        assert scene.worker.is_revoked("corp", *claims, None)
        assert not scene.worker.is_revoked("corp", *claims, 6.0)
        assert not scene.worker.is_revoked("other", *claims, 5.0)
        rotated = (claims[1], claims[2], claims[3], claims[0])
        assert scene.worker.is_revoked("corp", *rotated, 5.0) == (kind == "all")
        await scene.store.lift("corp", kind, value)
        scene.tick()
        assert not scene.worker.is_revoked("corp", *claims, 5.0)

    play(tmp_path, script)


def test_while_the_file_cannot_be_read_what_is_known_works_on_for_a_while(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(scene: Scene) -> None:
        assert scene.knows("k1")
        version = scene.worker.version
        scene.break_file()
        for _ in range(3):
            scene.tick()
        assert scene.knows("k1")
        with pytest.raises(StoreUnavailable):
            scene.knows("k2")
        with pytest.raises(StoreUnavailable):
            scene.worker.is_revoked("corp", "t1", None, None, None, 1.0)
        scene.tick(MAX_STALE + 1)
        scene.tick()
        with pytest.raises(StoreUnavailable):
            scene.knows("k1")
        assert scene.worker.version > version  # whoever kept an answer asks again
        scene.mend_file()
        scene.tick()
        assert scene.knows("k1")
        assert not scene.knows("k2")

    with caplog.at_level(logging.INFO, "hotgate.store"):
        play(tmp_path, script)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR", "INFO"]


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        assert scene.knows("k1")
        other = await Store.open(f"sqlite:///{tmp_path}/other.db")
        await other.add_consumer(ACME)
        await other.add_key(key("k2"))
        await other.close()
        scene.remove_files()
        (tmp_path / "other.db").rename(scene.path)
        scene.tick()
        assert [scene.knows(name) for name in ("k1", "k2")] == [False, True]

    play(tmp_path, script)


def test_what_a_worker_has_read_holds_the_log_of_changes_until_the_next_look_only(tmp_path: Path) -> None:
    """An old state that somebody still reads cannot be written over, so the file beside the store would grow."""

    async def script(scene: Scene) -> None:
        def is_held() -> bool:
            other = sqlite3.connect(scene.path, timeout=0)
            busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            other.close()
            return bool(busy)

        assert scene.knows("k1")
        await scene.store.add_consumer(Consumer("other"))
        assert is_held()
        scene.tick()  # which reads what has changed
        scene.tick()
        assert not is_held()

    play(tmp_path, script)


def test_a_key_that_was_made_a_moment_ago_is_found(tmp_path: Path) -> None:
    """Before anybody has looked for changes: whoever makes a key may use it at once."""

    async def script(scene: Scene) -> None:
        assert scene.knows("k1")
        await scene.store.add_keys([key("fresh")])
        assert scene.knows("fresh")

    play(tmp_path, script)


@pytest.mark.parametrize("harm", ["open to others", "link", "damaged", "missing"])
def test_a_file_that_cannot_be_trusted_is_no_store(tmp_path: Path, harm: str) -> None:
    async def script(scene: Scene) -> None:
        path = tmp_path / "harmed.db"
        if harm == "link":
            path.symlink_to(scene.path)
        elif harm != "missing":
            path.write_bytes(b"SQLite format 3\0" + b"x" * 9000)
            path.chmod(0o644 if harm == "open to others" else 0o600)
        scene.worker.look_at(path, NOW)
        for name in ("k1", "k2"):
            with pytest.raises(StoreUnavailable):
                scene.knows(name)
        scene.worker.look_at(scene.path, NOW)
        assert scene.knows("k1")

    play(tmp_path, script)


@pytest.mark.parametrize("column", ["scopes = '{'", "metadata = 'x'", "scopes = CAST(x'ff' AS TEXT)"])
def test_a_row_that_we_did_not_write_is_no_answer(tmp_path: Path, column: str) -> None:
    async def script(scene: Scene) -> None:
        other = sqlite3.connect(scene.path)
        other.execute(f"UPDATE api_keys SET {column}")
        other.commit()
        other.close()
        scene.tick()
        with pytest.raises(StoreUnavailable):
            scene.knows("k1")

    play(tmp_path, script)


def test_a_worker_cannot_write(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        reader = scene.worker._reader
        assert reader is not None
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._execute("DELETE FROM api_keys")

    play(tmp_path, script)


def test_a_writer_in_the_middle_of_its_work_does_not_stop_readers(tmp_path: Path) -> None:
    async def script(scene: Scene) -> None:
        async with scene.store.database.write() as writing:
            writing.note("consumer", "acme")
            scene.tick()
            assert scene.knows("k1")

    play(tmp_path, script)


def test_before_there_is_a_store_there_is_no_answer() -> None:
    worker = Credentials()
    worker.tick(NOW)
    with pytest.raises(StoreUnavailable):
        worker.find_key(digest("k1"))
    with pytest.raises(StoreUnavailable):
        _ = worker.peppers


def test_settings_survive_the_way_to_a_worker() -> None:
    settings = CredentialSettings(Path("/x/y.db"), Peppers([b"\0" * 32, b"b" * 32]), 5.0, 7, is_replica=True)
    again = CredentialSettings.of_message(settings.message())
    assert again.peppers.candidates(b"key") == settings.peppers.candidates(b"key")
    assert (again.path, again.max_stale, again.cache, again.is_replica) == (Path("/x/y.db"), 5.0, 7, True)
    assert "peppers" not in repr(settings).replace("<2 peppers>", "").replace("peppers=", "")


def test_a_store_that_is_configured_no_more_is_let_go_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def script(scene: Scene) -> None:
        assert scene.knows("k1")
        scene.worker.leave()
        scene.worker.leave()
        scene.remove_files()
        scene.tick(2 * MAX_STALE)
        with pytest.raises(StoreUnavailable):
            scene.knows("k1")
        assert not caplog.records
        assert scene.worker._reader is None

    with caplog.at_level(logging.INFO, "hotgate.store"):
        play(tmp_path, script)
