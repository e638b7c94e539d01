"""A store recognizes the peppers that its keys were made with, whichever database it is on."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Connection, delete, text

from hotgate.store.database import Database
from hotgate.store.engine import create_engine
from hotgate.store.errors import StoreUnusable
from hotgate.store.migrate import migrate
from hotgate.store.pepper import Peppers
from hotgate.store.pepper_fingerprints import known_fingerprints
from hotgate.store.schema import metadata, pepper_fingerprints
from hotgate.store.store import Store
from postgresql import PostgreSQL
from unit.store.records import ACME, key

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32


def opened(url: str, *secrets: bytes, adds: Sequence[str] = ()) -> set[bytes]:
    """Open a store with peppers, and add keys. Returns the fingerprints that it has then. Raises StoreUnusable."""

    async def run() -> set[bytes]:
        store = await Store.open(url, Peppers(secrets))
        try:
            if adds:
                await store.add_keys([key(name) for name in adds], [ACME])
            async with store.database.read() as connection:
                return await known_fingerprints(connection)
        finally:
            await store.close()

    return asyncio.run(run())


def changed(url: str, action: Callable[[Connection], object]) -> None:
    """Do something with the bare database."""

    async def run() -> None:
        database = Database(create_engine(url))
        try:
            async with database.change() as connection:
                await connection.run_sync(action)
        finally:
            await database.close()

    asyncio.run(run())


def fingerprints(*secrets: bytes) -> set[bytes]:
    return set(Peppers(secrets).fingerprints())


def test_another_pepper_is_refused_and_changes_nothing(url: str) -> None:
    opened(url, OLD, adds=["k1"])
    for _ in range(2):
        with pytest.raises(StoreUnusable, match="another pepper: restore that one, or add it to the list"):
            opened(url, NEW, OTHER)
    assert opened(url, OLD) == fingerprints(OLD)


def test_a_pepper_beside_one_that_is_known_is_noted(url: str) -> None:
    opened(url, OLD, adds=["k1"])
    assert opened(url, NEW, OLD, NEW) == fingerprints(NEW, OLD)
    assert opened(url, NEW) == fingerprints(NEW, OLD)
    assert opened(url, OLD, OTHER) == fingerprints(NEW, OLD, OTHER)


def test_only_a_file_without_keys_gets_another_pepper(url: str) -> None:
    opened(url, OLD)
    if url.startswith("sqlite"):
        assert opened(url, NEW) == fingerprints(NEW)
    else:  # another node may be about to make a key
        with pytest.raises(StoreUnusable):
            opened(url, NEW)


def test_a_store_is_begun_anew_by_emptying_the_table(url: str) -> None:
    opened(url, OLD, adds=["k1"])
    changed(url, lambda connection: connection.execute(delete(pepper_fingerprints)))
    assert opened(url, NEW) == fingerprints(NEW)


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_a_store_of_an_earlier_version_adopts_the_pepper(url: str, revision: str) -> None:
    changed(url, lambda connection: migrate(connection, revision))
    changed(url, _add_key)
    assert opened(url, OLD) == fingerprints(OLD)
    with pytest.raises(StoreUnusable):
        opened(url, NEW)


def _add_key(connection: Connection) -> None:
    connection.execute(text("INSERT INTO consumers VALUES ('acme', NULL, NULL, NULL, NULL, false, 1)"))
    row = {"id": "k1", "digest": b"d" * 32, "consumer": "acme", "environment": "", "created": 1.0, "hint": ""}
    connection.execute(metadata.tables["api_keys"].insert().values(row))


def test_who_brings_no_pepper_leaves_none(url: str) -> None:
    async def run() -> None:
        await (await Store.open(url)).close()

    asyncio.run(run())
    assert opened(url, OLD) == fingerprints(OLD)


def test_of_nodes_that_start_at_once_with_different_peppers_one_is_served(server: PostgreSQL) -> None:
    url = server.new_database()

    async def run() -> list[Store | BaseException]:
        openings = [Store.open(url, Peppers([bytes([number]) * 32])) for number in range(4)]
        outcomes = await asyncio.gather(*openings, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Store):
                await outcome.close()
        return outcomes

    outcomes = asyncio.run(run())
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Store", *["StoreUnusable"] * 3]


def test_neither_pepper_nor_digest_is_in_what_is_said_or_stored(url: str) -> None:
    found = opened(url, OLD, adds=["k1"])
    assert found.isdisjoint({OLD, Peppers([OLD]).digest(b"")})
    with pytest.raises(StoreUnusable) as refused:
        opened(url, NEW)
    assert not any(secret.decode() in str(refused.value) for secret in (OLD, NEW))
    assert not any(each.hex() in str(refused.value) for each in found)
