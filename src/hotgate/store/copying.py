"""Copies a database into a local SQLite file: all of it once, and from then on what the sequence says has changed."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Self

from sqlalchemy import Column, Float, MetaData, Row, Table, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hotgate.store.database import Database, prune_changes
from hotgate.store.schema import api_keys, changes, consumers, revocations, sequence

BATCH = 1000  # rows that are in memory at once
MAX_CHANGES = 10_000  # rows of changes that are followed one by one

# Only in a replica. One row: epoch seconds at which it was what the database is.
replica = Table("replica", MetaData(), Column("in_step_at", Float, nullable=False))


class NotInStep(Exception):
    """The replica cannot follow: it is too far behind, or ahead of a database that was restored from a backup."""


@dataclass
class Changed:
    """What has changed between two numbers, by name."""

    consumers: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    keys_of: set[str] = field(default_factory=set)
    revocations: set[tuple[str, str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, rows: Iterable[Row[Any]]) -> Self:
        """From rows of `changes`."""
        changed = cls()
        named = {"consumer": changed.consumers, "key": changed.keys, "keys_of": changed.keys_of}
        for row in rows:
            if row.kind == "revocation":
                provider, kind, value = json.loads(row.id)
                changed.revocations.add((provider, kind, value))
            else:
                named[row.kind].add(row.id)
        return changed


async def copy_all(source: Database, local: Database, now: float) -> None:
    """Fill an empty local file with one moment of the database."""
    async with local.change() as to, source.read() as connection:
        await to.run_sync(replica.create)
        number = (await connection.execute(select(sequence.c.value))).scalar_one()
        for table in (consumers, api_keys, revocations):
            found = await connection.stream(select(table), execution_options={"yield_per": BATCH})
            async for rows in found.mappings().partitions():
                await to.execute(insert(table), [dict(row) for row in rows])
        await to.execute(update(sequence).values(value=number))
        await to.execute(insert(replica).values(in_step_at=now))


async def copy_changes(source: Database, local: Database, now: float) -> bool:
    """Bring the local file up to date and stamp it. Returns whether there was news. Raises NotInStep."""
    last = await local.sequence()
    async with source.read() as connection:
        number = (await connection.execute(select(sequence.c.value))).scalar_one()
        noted = await _noted(connection, last, number)
        changed = Changed.of(noted)
        rows = await _current_rows(connection, changed)
    async with local.change() as to:
        # While the gateway is being upgraded two processes follow, and the other one may have been faster.
        if noted and (await to.execute(select(sequence.c.value))).scalar_one() == last:
            await _apply(to, changed, rows)
            await to.execute(insert(changes), [dict(row._mapping) for row in noted])
            await prune_changes(to)
            await to.execute(update(sequence).values(value=number))
        await to.execute(delete(revocations).where(revocations.c.expires < now))
        await to.execute(update(replica).values(in_step_at=now))
    return bool(noted)


async def _noted(connection: AsyncConnection, last: int, number: int) -> Sequence[Row[Any]]:
    if number == last:
        return []
    query = select(changes).where(changes.c.seq > last).order_by(changes.c.seq).limit(MAX_CHANGES + 1)
    rows = (await connection.execute(query)).all()
    if not rows or rows[0].seq != last + 1 or len(rows) > MAX_CHANGES:
        raise NotInStep
    return rows


async def _current_rows(connection: AsyncConnection, changed: Changed) -> dict[Table, list[dict[str, Any]]]:
    keys = await _rows_where(connection, api_keys, api_keys.c.id, changed.keys)
    keys += await _rows_where(connection, api_keys, api_keys.c.consumer, changed.keys_of)
    return {
        consumers: await _rows_where(connection, consumers, consumers.c.name, changed.consumers),
        api_keys: list({row["id"]: row for row in keys}.values()),
        revocations: await _rows_where(connection, revocations, _NAME_OF_REVOCATION, changed.revocations),
    }


async def _rows_where(connection: AsyncConnection, table: Table, column: Any, names: Iterable[Any]) -> list[Any]:
    rows: list[Mapping[str, Any]] = []
    for batch in _batches(names):
        found = await connection.execute(select(table).where(column.in_(batch)))
        rows += [dict(row) for row in found.mappings()]
    return rows


async def _apply(to: AsyncConnection, changed: Changed, rows: Mapping[Table, list[dict[str, Any]]]) -> None:
    """First what may be gone, then what is there: a digest may have moved from one key to another."""
    gone = (
        (api_keys, api_keys.c.id, changed.keys),
        (api_keys, api_keys.c.consumer, changed.keys_of),
        (consumers, consumers.c.name, changed.consumers),
        (revocations, _NAME_OF_REVOCATION, changed.revocations),
    )
    for table, column, names in gone:
        for batch in _batches(names):
            await to.execute(delete(table).where(column.in_(batch)))
    for table, found in rows.items():
        if found:
            await to.execute(insert(table), found)


def _batches(names: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(names)
    while batch := list(islice(rest, BATCH)):
        yield batch


_NAME_OF_REVOCATION = tuple_(revocations.c.provider, revocations.c.kind, revocations.c.value)
