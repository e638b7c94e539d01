"""What a store promises, whichever database it is on."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from hotgate.store.errors import AlreadyExists, DoesNotExist, InvalidRecord, StoreUnavailable
from hotgate.store.records import Consumer, Revocation
from hotgate.store.schema import changes
from hotgate.store.store import Store
from unit.store.records import ACME, digest, key, play

EVERY_FIELD = key(
    "k1",
    environment="live",
    scopes=("orders:read", "with space"),
    roles=("a",),
    not_before=1.5,
    expires=2.5,
    limit="100/minute",
    networks=("10.0.0.0/8",),
    routes=("orders",),
    metadata={"note": "ü", "deep": [1, None]},
    created=1.0,
    hint="ab12",
)


async def _changes(store: Store) -> list[tuple[int, str, str]]:
    async with store.database.read() as connection:
        return [tuple(row) for row in await connection.execute(select(changes).order_by(changes.c.seq))]


def test_what_is_put_in_comes_out(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_key(EVERY_FIELD)
        assert await store.key("k1") == EVERY_FIELD
        assert await store.consumer("acme") == ACME
        assert await store.key("k2") is None
        assert await store.consumer("nobody") is None

    play(url, script)


def test_a_changed_consumer_keeps_the_rest(url: str) -> None:
    async def script(store: Store) -> None:
        changed = await store.change_consumer("acme", is_disabled=True)
        assert changed == await store.consumer("acme") == replace(ACME, is_disabled=True)
        for wrong in ({}, {"name": "other"}, {"created": 1.0}, {"tier": "x" * 201}):
            with pytest.raises(InvalidRecord):
                await store.change_consumer("acme", **wrong)
        with pytest.raises(DoesNotExist):
            await store.change_consumer("nobody", tier="gold")

    play(url, script)


def test_of_all_who_add_a_name_at_once_one_succeeds(url: str) -> None:
    async def script(store: Store) -> None:
        other = await Store.open(url)
        attempts = [each.add_consumer(Consumer("new")) for each in (store, other) * 5]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        await other.close()
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyExists"] * 9 + ["NoneType"]

    play(url, script)


def test_changes_of_different_members_at_once_are_all_kept(url: str) -> None:
    """Who disables a consumer must not lose against somebody who writes its tier at that moment."""

    async def script(store: Store) -> None:
        other = await Store.open(url)
        await asyncio.gather(
            store.change_consumer("acme", is_disabled=True),
            other.change_consumer("acme", tier="gold"),
            store.change_consumer("acme", groups=("g",)),
            other.change_consumer("acme", roles=("r",)),
        )
        await other.close()
        assert await store.consumer("acme") == replace(ACME, is_disabled=True, tier="gold", groups=("g",), roles=("r",))

    play(url, script)


def test_of_two_revocations_at_once_the_first_stays(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_key(key("k1"))
        first, second = await asyncio.gather(store.revoke_key("k1", "one", 1.0), store.revoke_key("k1", "two", 2.0))
        assert first == second == await store.key("k1")

    play(url, script)


def test_consumers_are_added_with_their_keys_or_not_at_all(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_keys([key("k1", "new")], [Consumer("new", created=1.0), Consumer("acme", tier="other")])
        assert await store.consumer("new") == Consumer("new", created=1.0)
        assert await store.consumer("acme") == ACME
        with pytest.raises(AlreadyExists):
            await store.add_keys([key("k1", "newer")], [Consumer("newer")])
        with pytest.raises(DoesNotExist):
            await store.add_keys([key("k2", "nobody")], [Consumer("newer")])
        assert await store.consumer("newer") is None

    play(url, script)


def test_a_key_and_its_successor_change_together(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_keys([key("k1"), key("k2")])
        successor = await store.rotate_key("k1", lambda old: (replace(old, expires=5.0), key("k3")))
        assert successor == await store.key("k3")
        with pytest.raises(AlreadyExists):
            await store.rotate_key("k2", lambda old: (replace(old, expires=5.0), key("k3")))
        with pytest.raises(DoesNotExist):
            await store.rotate_key("k9", lambda old: (old, key("k4")))
        assert [each.expires for each in await store.keys()] == [5.0, None, None]

    play(url, script)


def test_pages_go_on_after_the_last_one(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_consumer(Consumer("other"))
        await store.add_keys([key(f"k{number}", "other" if number % 2 else "acme") for number in range(5)])
        assert [each.id for each in await store.keys(limit=3)] == ["k0", "k1", "k2"]
        assert [each.id for each in await store.keys(after="k2", limit=3)] == ["k3", "k4"]
        assert [each.id for each in await store.keys("other")] == ["k1", "k3"]
        assert [each.name for each in await store.consumers(after="acme")] == ["other"]

    play(url, script)


def test_an_id_and_a_key_are_there_once(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_keys([key("k1"), key("k2")])
        for twin in (key("k1", digest=digest("new")), key("new", digest=digest("k1"))):
            with pytest.raises(AlreadyExists):
                await store.add_key(twin)
        with pytest.raises(AlreadyExists):
            await store.change_key("k2", digest=digest("k1"))
        assert len(await store.keys()) == 2
        assert await store.database.sequence() == 2

    play(url, script)


def test_a_key_needs_a_consumer_that_exists(url: str) -> None:
    async def script(store: Store) -> None:
        with pytest.raises(DoesNotExist, match="there is no consumer 'nobody'"):
            await store.add_keys([key("k1"), key("k2", "nobody")])
        assert await store.keys() == []
        await store.add_key(key("k1"))
        with pytest.raises(DoesNotExist):
            await store.change_key("k1", consumer="nobody")

    play(url, script)


def test_a_change_changes_only_what_it_names(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_key(EVERY_FIELD)
        expected = replace(EVERY_FIELD, expires=None, limit=None, scopes=())
        assert await store.change_key("k1", expires=None, limit=None, scopes=()) == expected
        assert await store.key("k1") == expected
        with pytest.raises(DoesNotExist):
            await store.change_key("k2", expires=1.0)
        for wrong in ({"id": "k3"}, {"colour": "red"}, {}, {"digest": b"short"}):
            with pytest.raises(InvalidRecord):
                await store.change_key("k1", **wrong)

    play(url, script)


def test_the_first_reason_of_a_revocation_stays(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_key(key("k1"))
        await store.revoke_key("k1", "leaked", 5.0)
        await store.revoke_key("k1", "again", 6.0)
        found = await store.key("k1")
        assert found is not None
        assert (found.revoked_at, found.revoked_reason) == (5.0, "leaked")
        with pytest.raises(DoesNotExist):
            await store.revoke_key("k2", "", 1.0)

    play(url, script)


def test_a_consumer_takes_its_keys_along(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_consumer(Consumer("other"))
        await store.add_keys([key("k1"), key("k2", "other")])
        await store.remove_consumer("acme")
        assert [each.id for each in await store.keys()] == ["k2"]
        assert await store.consumer("acme") is None
        with pytest.raises(DoesNotExist):
            await store.remove_consumer("acme")

    play(url, script)


def test_when_a_key_was_used_only_moves_forward_and_is_no_change(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_key(key("k1"))
        before = await store.database.sequence()
        for used in (50.0, 40.0):
            await store.touch_keys({"k1": used, "gone": 1.0})
        found = await store.key("k1")
        assert found is not None
        assert found.last_used == 50.0
        assert await store.database.sequence() == before

    play(url, script)


def test_revocations_are_replaced_listed_and_lifted(url: str) -> None:
    async def script(store: Store) -> None:
        everything = Revocation("all", "corp", before=5.0, reason="breach", created=6.0, expires=90.0)
        for each in (Revocation("jti", "corp", "t1"), Revocation("sub", "corp", "bob"), everything):
            await store.revoke(each)
        await store.revoke(replace(everything, before=7.0))
        assert [each.kind for each in await store.revocations()] == ["all", "jti", "sub"]
        assert (await store.revocations())[0] == replace(everything, before=7.0)
        assert [each.kind for each in await store.revocations(after=("corp", "jti", "t1"))] == ["sub"]
        await store.lift("corp", "sub", "bob")
        with pytest.raises(DoesNotExist):
            await store.lift("corp", "sub", "bob")

    play(url, script)


def test_what_has_expired_is_forgotten(url: str) -> None:
    async def script(store: Store) -> None:
        await store.revoke(Revocation("jti", "corp", "old", expires=10.0))
        await store.revoke(Revocation("jti", "corp", "for ever"))
        assert await store.claim("corp", "once", 10.0)
        await store.prune(11.0)
        assert [each.value for each in await store.revocations()] == ["for ever"]
        assert await store.claim("corp", "once", 20.0)

    play(url, script)


def test_a_token_is_claimed_once_by_however_many(url: str) -> None:
    async def script(store: Store) -> None:
        claims = await asyncio.gather(*(store.claim("corp", "t1", 10.0) for _ in range(8)))
        assert sorted(claims) == [False] * 7 + [True]
        assert await store.claim("corp", "1t", 10.0)
        assert await store.claim("cor", "pt1", 10.0)

    play(url, script)


def test_each_write_has_a_number_and_says_what_it_changed(url: str) -> None:
    async def script(store: Store) -> None:
        await store.add_keys([key("k1"), key("k2")])
        await store.revoke(Revocation("jti", "corp", "t1"))
        await store.remove_consumer("acme")
        assert sorted(await _changes(store)) == [
            (1, "consumer", "acme"),
            (2, "key", "k1"),
            (2, "key", "k2"),
            (3, "revocation", '["corp", "jti", "t1"]'),
            (4, "consumer", "acme"),
            (4, "keys_of", "acme"),
        ]

    play(url, script)


def test_old_changes_are_pruned(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotgate.store.database.CHANGES_KEPT", 3)
    monkeypatch.setattr("hotgate.store.database._PRUNE_EVERY", 4)

    async def script(store: Store) -> None:
        for number in range(7):
            await store.add_consumer(Consumer(f"c{number}"))
        assert [seq for seq, _, _ in await _changes(store)] == [6, 7, 8]

    play(url, script)


def test_two_writers_are_seen_in_the_order_of_their_numbers(url: str) -> None:
    """A reader that has seen number n never finds a smaller one later: it would miss that change for ever."""

    async def script(store: Store) -> None:
        other = await Store.open(url)
        done = asyncio.Event()

        async def write(writer: Store, names: str) -> None:
            for number in range(15):
                await writer.add_consumer(Consumer(f"{names}{number}"))

        async def watch() -> list[int]:
            seen = [0]
            while not done.is_set() or seen[-1] < 31:
                last = seen[-1]
                seen += [seq for seq, _, _ in await _changes(store) if seq > last]
            return seen

        watching = asyncio.create_task(watch())
        await asyncio.gather(write(store, "a"), write(other, "b"))
        done.set()
        assert await watching == list(range(32))
        await other.close()

    play(url, script)


def test_a_crash_in_the_middle_of_a_write_leaves_nothing(url: str) -> None:
    async def script(store: Store) -> None:
        async def crash() -> None:
            async with store.database.write() as writing:
                await writing.execute(text("DELETE FROM consumers"))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await crash()
        assert await store.database.sequence() == 1
        assert await store.consumer("acme") == ACME

    play(url, script)


@pytest.mark.parametrize("name", ["x'; DROP TABLE consumers; --", 'a"b', "%", "ü 日本", "\\", ":name"])
def test_names_are_never_sql(url: str, name: str) -> None:
    async def script(store: Store) -> None:
        await store.add_consumer(Consumer(name, groups=(name,), metadata={name: name}))
        await store.add_key(key(name, name))
        assert await store.consumer(name) == Consumer(name, groups=(name,), metadata={name: name})
        assert [each.id for each in await store.keys(name)] == [name]
        await store.revoke(Revocation("sub", name, name))
        await store.lift(name, "sub", name)
        await store.remove_consumer(name)
        assert (await store.counts())["consumers"] == 1

    play(url, script)


@pytest.mark.parametrize(
    "wrong",
    [
        Consumer(""),
        Consumer("a\nb"),
        Consumer("a\0b"),
        Consumer("x" * 201),
        Consumer("acme "),
        Consumer(" acme"),
        Consumer("cafe\u0301"),
        Consumer("x", groups=("g",) * 101),
        Consumer("x", metadata={"big": "x" * 9000}),
        Consumer("x", metadata={"nan": float("nan")}),
        Consumer("x", metadata={"lone": "\ud800"}),
        Consumer("x", metadata={"no": object()}),
        Consumer("x", created=float("inf")),
    ],
)
def test_what_is_out_of_bounds_is_refused(url: str, wrong: Consumer) -> None:
    async def script(store: Store) -> None:
        with pytest.raises(InvalidRecord):
            await store.add_consumer(wrong)

    play(url, script)


@pytest.mark.parametrize("value", ["a\u200bda", "a\xa0b", "line\nend", "\U0001fae8", "é" * 512])
def test_whoever_an_issuer_names_can_be_revoked(url: str, value: str) -> None:
    async def script(store: Store) -> None:
        await store.revoke(Revocation("sub", "corp", value))
        assert [each.value for each in await store.revocations()] == [value]

    play(url, script)


@pytest.mark.parametrize(
    "wrong",
    [
        Revocation("jti", "corp"),
        Revocation("all", "corp", "x"),
        Revocation("jti", "corp", "x" * 600),
        Revocation("jti", "corp", "a\0"),
        Revocation("jti", "corp", "\ud800"),
        ("what", "c", "v"),
    ],
)
def test_revocations_that_mean_nothing_are_refused(url: str, wrong: Any) -> None:
    async def script(store: Store) -> None:
        with pytest.raises(InvalidRecord):
            await store.revoke(wrong if isinstance(wrong, Revocation) else Revocation(*wrong))

    play(url, script)


def test_errors_show_neither_statements_nor_values(url: str) -> None:
    async def script(store: Store) -> None:
        async def fail() -> None:
            async with store.database.change() as connection:
                await connection.execute(text("SELECT :secret FROM missing"), {"secret": "s3cret"})

        with pytest.raises(StoreUnavailable) as caught:
            await fail()
        assert "missing" in str(caught.value)
        assert "s3cret" not in str(caught.value)
        assert "SELECT" not in str(caught.value)

    play(url, script)
