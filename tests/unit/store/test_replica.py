"""A copy that follows PostgreSQL: through notices, outages, and everything that may happen to its file."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hotgate.store.credentials import Credentials, CredentialSettings
from hotgate.store.database import Database
from hotgate.store.engine import create_engine
from hotgate.store.errors import StoreUnavailable, StoreUnusable
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer, Revocation
from hotgate.store.replica import Replica
from hotgate.store.store import Store
from postgresql import PostgreSQL
from unit.store.records import ACME, digest, key

NOW = 1000.0


class Node:
    """One gateway node: it follows the database, and a worker reads the copy. now: epoch seconds."""

    def __init__(self, url: str, folder: Path) -> None:
        self.now = NOW
        self.store = Store(Database(create_engine(url)))
        self.news = asyncio.Event()
        self.replica = Replica(url, self.store.database, folder, self.news.set, lambda: self.now)
        self.worker = Credentials()

    def look(self) -> Credentials:
        """The worker, after it has looked for changes."""
        settings = CredentialSettings(self.replica.path, Peppers([b"p" * 32]), 60.0, 100, is_replica=True)
        self.worker.use(settings, self.now)
        return self.worker

    def knows(self, name: str) -> bool:
        """True if the worker finds the key of this name. Raises StoreUnavailable."""
        return self.look().find_key(digest(name)) is not None

    async def stop(self) -> None:
        await self.replica.stop()
        await self.store.close()


def play(url: str, folder: Path, script: Callable[[Node, Store], Awaitable[None]]) -> None:
    """Run a script with a node and somebody else's store, in which there is a consumer with one key, k1."""

    async def run() -> None:
        elsewhere = await Store.open(url)
        node = Node(url, folder)
        try:
            await elsewhere.add_consumer(ACME)
            await elsewhere.add_key(key("k1"))
            await script(node, elsewhere)
        finally:
            await node.stop()
            await elsewhere.close()

    asyncio.run(run())


def test_it_holds_what_the_database_holds(server: PostgreSQL, tmp_path: Path) -> None:
    async def script(node: Node, elsewhere: Store) -> None:
        await elsewhere.revoke(Revocation("sub", "corp", "bob", before=5.0))
        await node.replica.look()
        found = node.look().find_key(digest("k1"))
        assert found is not None
        assert (found.key, found.consumer) == (key("k1"), ACME)
        assert node.worker.is_revoked("corp", None, "bob", None, None, 4.0)
        assert node.worker.find_key(digest("k2")) is None

    play(server.new_database(), tmp_path, script)


def test_with_another_pepper_nothing_is_copied_until_the_right_one_comes(server: PostgreSQL, tmp_path: Path) -> None:
    """A gateway that was started while PostgreSQL was down must not go on with it once it is back.

    Nor must it write: the keys that it makes would be unknown to all other nodes.
    """

    async def script(node: Node, elsewhere: Store) -> None:
        await elsewhere.database.migrate(Peppers([b"p" * 32]))
        node.replica.peppers = Peppers([b"q" * 32])
        for _ in range(2):
            with pytest.raises(StoreUnusable, match="another pepper"):
                await node.replica.look()
        assert not node.replica.path.exists()
        with pytest.raises(StoreUnavailable, match="nothing is written before"):
            await node.store.add_key(key("k2"))
        node.replica.peppers = Peppers([b"p" * 32])
        await node.replica.look()
        assert node.knows("k1")
        await node.store.add_key(key("k2"))

    play(server.new_database(), tmp_path, script)


def test_it_follows_every_kind_of_change(server: PostgreSQL, tmp_path: Path) -> None:
    async def script(node: Node, elsewhere: Store) -> None:
        await node.replica.look()
        first = node.replica.path
        await elsewhere.add_consumer(Consumer("other", is_disabled=True))
        await elsewhere.add_keys([key("k2", "other"), key("k3")])
        await elsewhere.change_key("k1", expires=7.0)
        await elsewhere.revoke(Revocation("jti", "corp", "t1"))
        await elsewhere.revoke(Revocation("jti", "corp", "t2"))
        await elsewhere.lift("corp", "jti", "t2")
        await node.replica.look()
        worker = node.look()
        one, two = worker.find_key(digest("k1")), worker.find_key(digest("k2"))
        assert one is not None
        assert two is not None
        assert (one.key.expires, two.consumer.is_disabled) == (7.0, True)
        assert worker.is_revoked("corp", "t1", None, None, None, None)
        assert not worker.is_revoked("corp", "t2", None, None, None, None)
        await elsewhere.remove_consumer("acme")
        await node.replica.look()
        assert [node.knows(name) for name in ("k1", "k2", "k3")] == [False, True, False]
        assert node.replica.path == first

    play(server.new_database(), tmp_path, script)


def test_keys_of_a_consumer_that_was_removed_and_made_again_are_gone(server: PostgreSQL, tmp_path: Path) -> None:
    async def script(node: Node, elsewhere: Store) -> None:
        await node.replica.look()
        await elsewhere.remove_consumer("acme")
        await elsewhere.add_consumer(ACME)
        await elsewhere.add_key(key("k9", digest=digest("new")))
        await node.replica.look()
        assert [node.knows(name) for name in ("k1", "new")] == [False, True]

    play(server.new_database(), tmp_path, script)


def test_a_notice_wakes_it(server: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotgate.store.replica.POLL", 3600.0)

    async def script(node: Node, elsewhere: Store) -> None:
        following = asyncio.create_task(node.replica.run())
        await node.news.wait()
        node.news.clear()
        await elsewhere.revoke_key("k1", "leaked", NOW)
        await node.news.wait()
        found = node.look().find_key(digest("k1"))
        assert found is not None
        assert found.key.revoked_reason == "leaked"
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    play(server.new_database(), tmp_path, script)


def test_an_outage_and_what_was_changed_before_it_was_over(server: PostgreSQL, tmp_path: Path) -> None:
    async def script(node: Node, elsewhere: Store) -> None:
        await node.replica.look()
        assert node.knows("k1")
        server.kill()
        try:
            with pytest.raises(StoreUnavailable):
                await node.replica.look()
            with pytest.raises(StoreUnavailable):
                await elsewhere.add_consumer(ACME)
            assert not node.knows("k2")  # for some seconds it is taken to be in step
            node.now += 30.0
            assert node.knows("k1")
            with pytest.raises(StoreUnavailable):  # not None: it may be a new one
                node.knows("k2")
            node.now += 60.0
            with pytest.raises(StoreUnavailable):
                node.knows("k1")
        finally:
            server.start()
        await elsewhere.add_key(key("k2"))
        await elsewhere.revoke_key("k1", "leaked", NOW)
        await node.replica.look()
        assert node.knows("k2")
        found = node.look().find_key(digest("k1"))
        assert found is not None
        assert found.key.revoked_reason == "leaked"

    play(server.new_database(), tmp_path, script)


def test_after_a_restart_without_the_database_the_last_copy_serves(server: PostgreSQL, tmp_path: Path) -> None:
    url = server.new_database()

    async def script(node: Node, elsewhere: Store) -> None:
        await node.replica.look()

    play(url, tmp_path, script)

    async def restarted() -> None:
        node = Node(url, tmp_path)
        assert node.knows("k1")
        node.now += 59.0
        assert node.knows("k1")
        await node.stop()

    asyncio.run(restarted())


def test_without_a_copy_nothing_is_known_and_nothing_denied(server: PostgreSQL, tmp_path: Path) -> None:
    async def script(node: Node, elsewhere: Store) -> None:
        for name in ("k1", "k2"):
            with pytest.raises(StoreUnavailable):
                node.knows(name)

    play(server.new_database(), tmp_path, script)


def test_who_was_away_too_long_copies_everything_anew(
    server: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotgate.store.database.CHANGES_KEPT", 2)
    monkeypatch.setattr("hotgate.store.database._PRUNE_EVERY", 1)

    async def script(node: Node, elsewhere: Store) -> None:
        await node.replica.look()
        first = node.replica.path
        for number in range(5):
            await elsewhere.add_key(key(f"new{number}"))
        await node.replica.look()
        assert node.replica.path != first
        assert node.knows("new0")

    play(server.new_database(), tmp_path, script)


def test_a_database_that_was_restored_from_a_backup_is_copied_anew(server: PostgreSQL, tmp_path: Path) -> None:
    url = server.new_database()

    async def script(node: Node, elsewhere: Store) -> None:
        await node.replica.look()
        await asyncio.to_thread(server.run, urlsplit(url).path[1:], RESTORED)
        await node.replica.look()
        assert not node.knows("k1")

    play(url, tmp_path, script)


RESTORED = "UPDATE sequence SET value = 1; DELETE FROM changes WHERE seq > 1; DELETE FROM api_keys"


@pytest.mark.parametrize("harm", ["removed", "cut", "overwritten", "open to others"])
def test_a_copy_that_was_harmed_is_made_anew(server: PostgreSQL, tmp_path: Path, harm: str) -> None:
    url = server.new_database()

    async def script(node: Node, elsewhere: Store) -> None:
        await node.replica.look()
        await node.stop()
        _harm(node.replica.path, harm)
        again = Node(url, tmp_path)
        await again.replica.look()
        assert again.knows("k1")
        await again.stop()

    play(url, tmp_path, script)


def _harm(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "removed":
        path.unlink()
    elif how == "open to others":
        path.chmod(0o666)
    else:
        path.write_bytes(content[:5000] if how == "cut" else b"x" * len(content))


def test_a_copy_that_disappears_while_it_is_followed_is_made_anew(server: PostgreSQL, tmp_path: Path) -> None:
    async def script(node: Node, elsewhere: Store) -> None:
        await node.replica.look()
        node.replica.path.unlink()
        await node.replica.look()
        assert node.knows("k1")

    play(server.new_database(), tmp_path, script)


def test_old_copies_do_not_pile_up(server: PostgreSQL, tmp_path: Path) -> None:
    async def script(node: Node, elsewhere: Store) -> None:
        for _ in range(4):
            await node.replica.look()
            node.replica.path.write_bytes(b"")
            await node.replica.stop()

    play(server.new_database(), tmp_path, script)
    assert len(list(tmp_path.glob("*.db"))) == 2


def test_copies_of_two_databases_are_never_mixed_up(server: PostgreSQL, tmp_path: Path) -> None:
    async def script(node: Node, elsewhere: Store) -> None:
        await node.replica.look()

    play(server.new_database(), tmp_path, script)

    async def other() -> None:
        node = Node(server.new_database(), tmp_path)
        with pytest.raises(StoreUnavailable):
            node.knows("k1")
        await node.stop()

    asyncio.run(other())
