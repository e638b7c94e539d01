"""What others write is told once, and what this process writes is not."""

import pytest

from hotgate.store import database
from hotgate.store.change_feed import ChangeFeed
from hotgate.store.errors import AlreadyExists
from hotgate.store.records import Consumer, Revocation
from hotgate.store.store import Store
from unit.store.records import ACME, key, play


def test_only_writes_of_others_are_told_and_only_once(url: str) -> None:
    async def script(store: Store) -> None:
        feed, other = ChangeFeed(store.database), await Store.open(url)
        assert await feed.look() == []
        await store.add_key(key("mine"))
        await other.add_key(key("theirs"))
        await other.revoke(Revocation("all", "corp"))
        await other.revoke(Revocation("sub", "corp", "ada"))
        await other.remove_consumer("acme")
        assert await feed.look() == [
            "key theirs",
            "revocation corp all",
            "revocation corp sub ada",
            "consumer acme, keys of acme",
        ]
        assert await feed.look() == []
        assert store.database.own_writes == set()
        await other.close()

    play(url, script)


def test_a_write_that_failed_hides_nothing(url: str) -> None:
    """Its number goes to whoever writes next."""

    async def script(store: Store) -> None:
        feed, other = ChangeFeed(store.database), await Store.open(url)
        await feed.look()
        with pytest.raises(AlreadyExists):
            await store.add_consumer(ACME)
        await other.add_consumer(Consumer("globex"))
        assert await feed.look() == ["consumer globex"]
        await other.close()

    play(url, script)


def test_a_write_that_is_not_committed_yet_stays_own(url: str) -> None:
    async def script(store: Store) -> None:
        feed = ChangeFeed(store.database)
        await feed.look()
        async with store.database.write() as writing:
            assert store.database.own_writes == {writing.seq}
            await feed.look()
            writing.note("consumer", "acme")
        assert await feed.look() == []

    play(url, script)


def test_an_import_is_one_short_text(url: str) -> None:
    async def script(store: Store) -> None:
        feed, other = ChangeFeed(store.database), await Store.open(url)
        await feed.look()
        await other.add_keys([key(f"k{number:02d}") for number in range(30)])
        (told,) = await feed.look()
        assert told.startswith("key k00, key k01, ")
        assert told.endswith("key k09 and 20 more")
        await other.close()

    play(url, script)


def test_what_is_forgotten_is_said_to_be(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CHANGES_KEPT", 2)

    async def script(store: Store) -> None:
        feed, other = ChangeFeed(store.database), await Store.open(url)
        await feed.look()
        for name in ("a", "b", "c", "d"):
            await other.add_consumer(Consumer(name))
        async with other.database.change() as connection:
            await database.prune_changes(connection)
        assert await feed.look() == [
            "writes 2 to 3, of which nothing else is known any more",
            "consumer c",
            "consumer d",
        ]
        await other.close()

    play(url, script)
