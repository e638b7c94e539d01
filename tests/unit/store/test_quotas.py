"""What was given out of quotas, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hotgate.store.database import Database
from hotgate.store.errors import StoreUnavailable
from hotgate.store.quotas import KEPT, QuotaUse, QuotaWant, SqlQuotas

WANT = QuotaWant("quota/r", "alice", "day@UTC", ends=200.0, limit=100, tokens=30, now=150.0)


@asynccontextmanager
async def opened(url: str, most: int = 1000) -> AsyncIterator[SqlQuotas]:
    database = await Database.open(url)
    try:
        yield SqlQuotas(database, most)
    finally:
        await database.close()


async def take(quotas: SqlQuotas, **changes: object) -> int:
    (use,) = await quotas.take([replace(WANT, **changes)])  # type: ignore[arg-type]
    return use.given


def test_what_is_given_out_is_never_more_than_the_quota(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as quotas:
            assert [await take(quotas) for _ in range(5)] == [30, 30, 30, 10, 0]
            assert await quotas.find("quota/r", "alice") == QuotaUse("quota/r", "alice", "day@UTC", 200.0, 100)

    asyncio.run(scenario())


def test_two_nodes_share_a_quota_exactly(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as one, opened(url) as other:
            given = await asyncio.gather(*(take(node, tokens=7) for node in (one, other) * 20))
        assert sum(given) == 100

    asyncio.run(scenario())


def test_many_keys_are_one_transaction(url: str) -> None:
    async def scenario() -> None:
        wants = [replace(WANT, key=f"key-{number}") for number in range(150)]
        async with opened(url) as quotas:
            assert [use.given for use in await quotas.take(wants)] == [30] * 150
            assert {use.used for use in await quotas.take(wants)} == {60}

    asyncio.run(scenario())


def test_it_survives_being_closed(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as quotas:
            await take(quotas, tokens=90)
        async with opened(url) as quotas:
            assert await take(quotas) == 10

    asyncio.run(scenario())


def test_a_new_period_begins_with_nothing_and_the_old_one_never_comes_back(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as quotas:
            await take(quotas, tokens=100)
            assert await take(quotas, now=200.0, ends=300.0, tokens=100) == 100
            assert await take(quotas, now=150.0) == 0  # the clock was set back
            assert await take(quotas, now=199.9) == 0
            assert await take(quotas, now=300.0, ends=400.0) == 30

    asyncio.run(scenario())


def test_another_kind_of_period_counts_what_was_used(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as quotas:
            await take(quotas, tokens=90)
            assert await take(quotas, period="month/1@UTC", ends=3000.0) == 10
            assert await take(quotas, ends=200.0) == 0
            assert await take(quotas, now=200.0, ends=300.0) == 30

    asyncio.run(scenario())


def test_a_smaller_quota_gives_nothing_back(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as quotas:
            await take(quotas, tokens=90)
            assert await take(quotas, limit=50) == 0
            assert await take(quotas, limit=200) == 30

    asyncio.run(scenario())


def test_what_was_not_lent_is_put_back_into_its_own_period_once(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as quotas:
            (use,) = await quotas.take([WANT])
            await quotas.put_back([replace(use, given=20)])
            assert await take(quotas, tokens=100) == 90
            await quotas.put_back([replace(use, given=1000)])
            await take(quotas, now=200.0, ends=300.0, tokens=50)
            await quotas.put_back([use])
            found = await quotas.find("quota/r", "alice")
            assert found is not None
            assert found.used == 50

    asyncio.run(scenario())


def test_a_new_key_without_a_place_gets_nothing(url: str) -> None:
    async def scenario() -> None:
        async with opened(url, most=2) as quotas:
            for key in ("a", "b"):
                assert await take(quotas, key=key) == 30
            assert await quotas.take([replace(WANT, key="c"), replace(WANT, key="a")]) == [
                QuotaUse("quota/r", "a", "day@UTC", 200.0, 60, 30)
            ]

    asyncio.run(scenario())


def test_a_list_shows_who_has_used_most_and_what_is_asked_for(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as quotas:
            for number, key in enumerate(("p/x/al%ice", "p/x/bob", "p/y/carol")):
                await take(quotas, key=key, tokens=10 + number)
            await take(quotas, key="over", ends=151.0)
            await take(quotas, scope="quota/s", key="elsewhere")
            found = await quotas.most_used(152.0, "quota/r")
            assert [use.key for use in found] == ["p/y/carol", "p/x/bob", "p/x/al%ice"]
            assert [use.key for use in await quotas.most_used(152.0, "quota/r", "%")] == ["p/x/al%ice"]
            assert len(await quotas.most_used(152.0, most=2)) == 2
            assert await quotas.most_used(152.0, "?") == []

    asyncio.run(scenario())


def test_a_reset_forgets_what_was_used(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as quotas:
            await take(quotas, tokens=100)
            assert await quotas.reset("quota/r", "alice")
            assert not await quotas.reset("quota/r", "alice")
            assert await take(quotas) == 30

    asyncio.run(scenario())


def test_a_period_is_remembered_for_long_after_its_end(url: str) -> None:
    async def scenario() -> None:
        async with opened(url) as quotas:
            await take(quotas)
            await quotas.prune(200.0 + KEPT)
            assert await quotas.find("quota/r", "alice") is not None
            await quotas.prune(201.0 + KEPT)
            assert await quotas.find("quota/r", "alice") is None

    asyncio.run(scenario())


def test_a_database_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    async def scenario() -> None:
        file = tmp_path / "store.db"
        async with opened(f"sqlite:///{file}") as quotas:
            file.unlink()
            with pytest.raises(StoreUnavailable):
                await take(quotas)

    asyncio.run(scenario())
