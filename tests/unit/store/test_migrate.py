import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from hotgate.store.database import Database
from hotgate.store.engine import create_engine
from hotgate.store.errors import StoreUnusable
from hotgate.store.migrate import latest_revision, migrate
from hotgate.store.schema import metadata
from hotgate.store.store import Store
from unit.store.records import ACME, play


def in_store(url: str, action: Callable[[Connection], Any]) -> Any:
    """Do something with the bare database."""

    async def run() -> Any:
        database = Database(create_engine(url))
        try:
            async with database.change() as connection:
                return await connection.run_sync(action)
        finally:
            await database.close()

    return asyncio.run(run())


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_an_empty_database_gets_the_tables_of_the_program(url: str) -> None:
    in_store(url, migrate)
    assert in_store(url, differences) == []


def test_the_first_revision_is_brought_up_to_date_with_what_is_in_it(url: str) -> None:
    in_store(url, lambda connection: migrate(connection, "0001"))
    in_store(
        url,
        lambda connection: connection.execute(
            text("INSERT INTO consumers VALUES ('old', NULL, NULL, NULL, NULL, false, 1)")
        ),
    )

    async def script(store: Store) -> None:
        assert [each.name for each in await store.consumers()] == ["acme", "old"]
        assert await store.claim("corp", "t1", 1.0)
        assert await store.database.revision() == latest_revision()

    play(url, script)
    assert in_store(url, differences) == []


def test_two_programs_may_bring_it_up_to_date_at_once(url: str) -> None:
    async def run() -> None:
        stores = await asyncio.gather(*(Store.open(url) for _ in range(3)))
        await stores[0].add_consumer(ACME)
        assert await stores[2].consumer("acme") == ACME
        for store in stores:
            await store.close()

    asyncio.run(run())


def test_a_store_of_a_newer_program_is_refused_and_left_alone(url: str) -> None:
    in_store(url, migrate)
    in_store(url, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StoreUnusable, match="revision 9999, which this version does not know; install a newer one"):
        asyncio.run(Store.open(url))
    assert in_store(url, differences) == []
