"""What other processes change in the store: commands, and gateways elsewhere. Nobody has asked this gateway for it."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import select

from hotgate.store.database import Database
from hotgate.store.schema import changes, sequence

_MOST_NAMES = 10  # of one write; an import has thousands


class ChangeFeed:
    """Of one opened database; its own writes are left out. The first look only finds out where to begin."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: int | None = None

    async def look(self) -> list[str]:
        """What was written since the last look, a text for each write. Raises StoreUnavailable."""
        async with self._database.read() as connection:
            number = int((await connection.execute(select(sequence.c.value))).scalar_one())
            last = number if self._last is None else self._last
            query = select(changes).where(changes.c.seq > last).order_by(changes.c.seq)
            rows = (await connection.execute(query)).all() if number > last else []
        own, self._last = self._database.own_writes, number
        # Numbers that are higher are being written; if the store is an older one again, they are nobody's.
        self._database.own_writes = {seq for seq in own if seq > number >= last}
        return list(_of_others(rows, last, own))


def _of_others(rows: Sequence[Any], last: int, own: set[int]) -> Iterator[str]:
    if rows and rows[0].seq > last + 1:
        yield f"writes {last + 1} to {rows[0].seq - 1}, of which nothing else is known any more"
    for seq, noted in groupby(rows, lambda row: row.seq):
        if seq not in own:
            yield _described([_named(row.kind, row.id) for row in noted])


def _described(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _named(kind: str, name: str) -> str:
    if kind == "revocation":
        return f"revocation {' '.join(json.loads(name))}".rstrip()
    return f"keys of {name}" if kind == "keys_of" else f"{kind} {name}"
