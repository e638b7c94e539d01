"""The rules for keys, consumers and revocations, on a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hotgate.control.administration import Records
from hotgate.control.administration_error import AdministrationError
from hotgate.control.key_request import FOREVER, KeyChanges, KeyRequest
from hotgate.identity.api_keys.managed_key import is_well_formed
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer, Revocation, StoredKey
from hotgate.store.store import Store

NOW = 1_800_000_000.0
DAY = 86400.0
PEPPERS = Peppers([b"pepper-of-a-test-" * 2])

Script = Callable[[Records], Awaitable[None]]
Play = Callable[[Script], None]


class Clock:
    """Epoch seconds that a test moves."""

    now = NOW


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def play(tmp_path: Path, clock: Clock) -> Play:
    """Runs a script with a new store, in which the consumer `acme` is."""

    async def played(script: Script) -> None:
        store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}")
        try:
            records = Records.of(store, PEPPERS, lambda: clock.now, ["corp"], {})
            await records.consumers.create(Consumer("acme"))
            await script(records)
        finally:
            await store.close()

    return lambda script: asyncio.run(played(script))


async def refusal(work: Awaitable[object]) -> tuple[str, str]:
    with pytest.raises(AdministrationError) as caught:
        await work
    return caught.value.code, str(caught.value)


def test_a_key_is_handed_out_once_and_kept_as_a_digest(play: Play) -> None:
    async def script(records: Records) -> None:
        issued = await records.keys.create(KeyRequest("acme", scopes=("a",), limit="100/60s", networks=("::1",)))
        assert is_well_formed(issued.key.encode())
        assert issued.record == await records.keys.get(issued.record.id)
        assert issued.record.digest == PEPPERS.digest(issued.key.encode())
        assert (issued.record.environment, issued.record.created, issued.record.hint) == ("live", NOW, issued.key[-4:])
        assert (issued.record.limit, issued.record.networks) == ("100/1m", ("::1/128",))
        secret = issued.key.rpartition("_")[2]
        assert secret not in repr(issued)

    play(script)


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"environment": "Live"}, "environment"),
        ({"scopes": ("a b",)}, "scopes"),
        ({"roles": ("",)}, "roles"),
        ({"limit": "many"}, "limit"),
        ({"networks": ("192.0.2.1/24",)}, "networks"),
        ({"networks": ("example.com",)}, "networks"),
        ({"routes": ("a/b",)}, "routes"),
        ({"expires": NOW}, "past"),
        ({"expires": NOW + 1, "not_before": NOW + 1}, "before it becomes valid"),
        ({"metadata": {"a": "x" * 10_000}}, "metadata"),
    ],
)
def test_what_no_key_can_be_is_refused(play: Play, attributes: dict[str, Any], says: str) -> None:
    async def script(records: Records) -> None:
        code, text = await refusal(records.keys.create(KeyRequest("acme", **attributes)))
        assert code == "invalid"
        assert says in text
        assert not await records.keys.list()

    play(script)


def test_an_unknown_consumer_is_refused_with_the_name_that_was_meant(play: Play) -> None:
    async def script(records: Records) -> None:
        refused = ("consumer-unknown", "there is no consumer 'acne'; did you mean 'acme'?")
        assert await refusal(records.keys.create(KeyRequest("acne"))) == refused
        assert await refusal(records.keys.list("acne")) == refused
        assert (await refusal(records.consumers.get("zzz")))[1] == "there is no consumer 'zzz'"

    play(script)


def test_rotation_overlaps(play: Play) -> None:
    async def script(records: Records) -> None:
        old = await records.keys.create(KeyRequest("acme", scopes=("a",), routes=("r",), metadata={"team": "x"}))
        new = await records.keys.rotate(old.record.id, overlap=DAY)
        assert new.record.id != old.record.id
        for name in KeyRequest.__dataclass_fields__:
            assert getattr(new.record, name) == getattr(old.record, name), name
        assert (await records.keys.get(old.record.id)).expires == NOW + DAY

    play(script)


def test_a_successor_lives_as_long_as_the_key_was_made_to_live(play: Play, clock: Clock) -> None:
    async def script(records: Records) -> None:
        old = await records.keys.create(KeyRequest("acme", expires=NOW + 90 * DAY))
        clock.now += 89.5 * DAY
        new = await records.keys.rotate(old.record.id, overlap=DAY)
        assert new.record.expires == clock.now + 90 * DAY
        assert (await records.keys.get(old.record.id)).expires == NOW + 90 * DAY  # no later than it would have ended

    play(script)


def test_what_is_dead_is_not_rotated(play: Play, clock: Clock) -> None:
    async def script(records: Records) -> None:
        revoked = await records.keys.create(KeyRequest("acme"))
        await records.keys.revoke(revoked.record.id)
        expired = await records.keys.create(KeyRequest("acme", expires=NOW + 1))
        clock.now += 1
        for key in (revoked, expired):
            assert (await refusal(records.keys.rotate(key.record.id, 0.0)))[0] == "key-not-live"
        assert (await refusal(records.keys.rotate("nobody", 0.0)))[0] == "key-unknown"
        assert len(await records.keys.list()) == 2

    play(script)


class RevokedMeanwhile(Store):
    """Somebody else revokes each key, and removes each consumer, just after it was looked up."""

    async def key(self, id: str) -> StoredKey | None:  # noqa: A002 (as in Store)
        found = await super().key(id)
        await self.revoke_key(id, "leaked", NOW)
        return found

    async def consumer(self, name: str) -> Consumer | None:
        found = await super().consumer(name)
        await self.remove_consumer(name)
        return found


def test_what_ends_at_that_moment_gets_no_successor_and_does_not_return(tmp_path: Path) -> None:
    async def script() -> None:
        store = await RevokedMeanwhile.open(f"sqlite:///{tmp_path / 'store.db'}")
        records = Records.of(store, PEPPERS, lambda: NOW, (), {})
        issued = await records.keys.create(KeyRequest("acme"), create_consumer=True)
        assert (await refusal(records.keys.rotate(issued.record.id, DAY)))[0] == "key-not-live"
        assert len(await store.keys()) == 1
        assert (await refusal(records.consumers.change("acme", {"tier": "gold"})))[0] == "consumer-unknown"
        assert await store.consumers() == []
        await records.consumers.create(Consumer("acme"))
        assert (await refusal(records.keys.create(KeyRequest("acme"))))[0] == "consumer-unknown"
        await store.close()

    asyncio.run(script())


def test_a_key_whose_time_has_not_come_gets_a_successor_whose_time_has_not_come(play: Play) -> None:
    async def script(records: Records) -> None:
        old = await records.keys.create(KeyRequest("acme", not_before=NOW + DAY, expires=NOW + 2 * DAY))
        new = await records.keys.rotate(old.record.id, overlap=0.0)
        assert new.record.not_before == NOW + DAY

    play(script)


def test_the_first_revocation_stays(play: Play, clock: Clock) -> None:
    async def script(records: Records) -> None:
        issued = await records.keys.create(KeyRequest("acme"))
        await records.keys.revoke(issued.record.id, "leaked")
        clock.now += 5
        record = await records.keys.revoke(issued.record.id, "again")
        assert (record.revoked_at, record.revoked_reason) == (NOW, "leaked")
        assert (await refusal(records.keys.revoke("nobody")))[0] == "key-unknown"

    play(script)


def test_changes_leave_the_rest(play: Play, clock: Clock) -> None:
    async def script(records: Records) -> None:
        issued = await records.keys.create(KeyRequest("acme", scopes=("a",), limit="1/1s", expires=NOW + 60))
        changed = await records.keys.change(issued.record.id, KeyChanges(limit="", roles=("r",)))
        assert (changed.scopes, changed.roles, changed.limit, changed.expires) == (("a",), ("r",), None, NOW + 60)
        assert (await records.keys.change(issued.record.id, KeyChanges(expires=FOREVER))).expires is None
        wrong = KeyChanges(expires=NOW - 1)
        assert (await refusal(records.keys.change(issued.record.id, wrong)))[0] == "invalid"
        assert (await refusal(records.keys.change("nobody", KeyChanges(roles=()))))[0] == "key-unknown"

    play(script)


def test_a_key_that_has_expired_may_still_be_changed(play: Play, clock: Clock) -> None:
    async def script(records: Records) -> None:
        issued = await records.keys.create(KeyRequest("acme", expires=NOW + 60))
        clock.now += 61
        assert (await records.keys.change(issued.record.id, KeyChanges(scopes=("a",)))).scopes == ("a",)

    play(script)


def test_consumers_have_one_name_each(play: Play) -> None:
    async def script(records: Records) -> None:
        assert (await refusal(records.consumers.create(Consumer("acme"))))[0] == "consumer-exists"
        assert (await refusal(records.consumers.create(Consumer(""))))[0] == "invalid"
        assert (await records.consumers.create(Consumer("new"))).created == NOW
        assert [each.name for each in await records.consumers.list()] == ["acme", "new"]

    play(script)


def test_a_consumer_is_added_with_its_first_key_or_not_at_all(play: Play) -> None:
    async def script(records: Records) -> None:
        wrong = KeyRequest("new", limit="many")
        assert (await refusal(records.keys.create(wrong, create_consumer=True)))[0] == "invalid"
        assert [each.name for each in await records.consumers.list()] == ["acme"]
        for _ in range(2):
            await records.keys.create(KeyRequest("new"), create_consumer=True)
        assert (await records.consumers.get("new")).created == NOW
        assert len(await records.keys.list("new")) == 2

    play(script)


def test_a_consumer_is_changed_disabled_and_removed_with_its_keys(play: Play) -> None:
    async def script(records: Records) -> None:
        issued = await records.keys.create(KeyRequest("acme"))
        await records.consumers.change("acme", {"tier": "gold"})
        changed = await records.consumers.change("acme", {"is_disabled": True})
        assert (changed.tier, changed.is_disabled) == ("gold", True)
        assert (await refusal(records.consumers.change("acme", {"name": "x"})))[0] == "invalid"
        assert (await refusal(records.consumers.change("acme", {})))[0] == "invalid"
        await records.consumers.remove("acme")
        assert (await refusal(records.keys.get(issued.record.id)))[0] == "key-unknown"
        assert (await refusal(records.consumers.remove("acme")))[0] == "consumer-unknown"

    play(script)


def test_a_revocation_of_everything_means_what_was_issued_so_far(play: Play) -> None:
    async def script(records: Records) -> None:
        everything = await records.revocations.add(Revocation("all", "corp"))
        one = await records.revocations.add(Revocation("jti", "corp", "t1", reason="lost", expires=NOW + 60))
        assert (everything.before, one.before) == (NOW, None)
        assert list(await records.revocations.list()) == [everything, one]
        await records.revocations.lift("corp", "jti", "t1")
        assert (await refusal(records.revocations.lift("corp", "jti", "t1")))[0] == "revocation-unknown"
        assert (await refusal(records.revocations.add(Revocation("jti", "corp", ""))))[0] == "invalid"
        assert (await refusal(records.revocations.add(Revocation("sub", "corp", "a", expires=NOW))))[0] == "invalid"

    play(script)
