"""Quotas in the store's database: how much of each was given out, in the period that is under way.

A gateway takes a part at a time, and lends it to its requests; so a node never admits what is not written here first,
and several nodes that share a database share every quota exactly. Part of no sequence of changes: no cache follows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from hotgate.store.database import Database
from hotgate.store.schema import quotas

MAX_QUOTAS = 1_000_000  # keys that are counted at once: some 100 MB
MAX_BATCH = 150  # in one transaction; a statement of SQLite has at most 999 parameters in old builds
MAX_PAGE = 1000
KEPT = 40 * 86400.0  # seconds after its end for which a period is remembered, should the clock be set back
_COUNT_EVERY = 1000  # new keys between two counts


@dataclass(frozen=True, slots=True)
class QuotaWant:
    """tokens: to give out, of at most `limit` in the period. now, ends: of that period, seconds since the epoch."""

    scope: str
    key: str
    period: str
    ends: float
    limit: int
    tokens: int
    now: float


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """used: given out in the period that ends then. given: of what was wanted."""

    scope: str
    key: str
    period: str
    ends: float
    used: int
    given: int = 0


class SqlQuotas:
    """database: its tables must be up to date. Every method raises StoreUnavailable."""

    def __init__(self, database: Database, most: int = MAX_QUOTAS) -> None:
        self._database = database
        self._most = most
        self._counted = self._since = 0

    async def take(self, wants: Sequence[QuotaWant]) -> list[QuotaUse]:
        """Give out what there is, in one transaction. At most MAX_BATCH, of different keys.

        The result lacks new keys for which there is no place.
        """
        wants = sorted(wants, key=lambda want: (want.scope, want.key))  # one order: nodes do not deadlock
        has_room = await self._has_room()
        async with self._database.change() as connection:
            if has_room:
                await connection.execute(self._insert(wants))
            known = await self._locked(connection, wants)
            self._since += sum(use.used == 0 for use in known.values())
            pairs = [(want, known.get((want.scope, want.key))) for want in wants]
            uses = [_given(want, use) for want, use in pairs if use is not None]
            if uses:
                await connection.execute(_UPDATE, [_row(use) for use in uses])
        return uses

    async def put_back(self, uses: Sequence[QuotaUse]) -> None:
        """Tokens (`given`) that were given out and not lent, unless their period is over."""
        fewer = (
            update(quotas)
            .where(quotas.c.scope == bindparam("s"), quotas.c.key == bindparam("k"), quotas.c.ends == bindparam("e"))
            .where(quotas.c.used >= bindparam("n"))
            .values(used=quotas.c.used - bindparam("n"))
        )
        ordered = sorted(uses, key=lambda use: (use.scope, use.key))
        rows = [{"s": use.scope, "k": use.key, "e": use.ends, "n": use.given} for use in ordered]
        if rows:
            async with self._database.change() as connection:
                await connection.execute(fewer, rows)

    async def find(self, scope: str, key: str) -> QuotaUse | None:
        """How much of one was given out."""
        found = await self._rows(select(quotas).where(quotas.c.scope == scope, quotas.c.key == key))
        return found[0] if found else None

    async def most_used(
        self, now: float, scope: str = "", containing: str = "", most: int = MAX_PAGE
    ) -> list[QuotaUse]:
        """Periods that are under way, those of which most was given out first.

        scope: only of this one. containing: text in the key.
        """
        query = select(quotas).where(quotas.c.ends > now)
        if scope:
            query = query.where(quotas.c.scope == scope)
        if containing:
            query = query.where(quotas.c.key.contains(containing, autoescape=True))
        return await self._rows(query.order_by(quotas.c.used.desc(), quotas.c.scope, quotas.c.key).limit(most))

    async def reset(self, scope: str, key: str) -> bool:
        """Forget what was used. Returns whether there was anything."""
        async with self._database.change() as connection:
            gone = delete(quotas).where(quotas.c.scope == scope, quotas.c.key == key)
            return bool((await connection.execute(gone)).rowcount)

    async def prune(self, now: float) -> None:
        """Forget periods that are long over."""
        async with self._database.change() as connection:
            await connection.execute(delete(quotas).where(quotas.c.ends < now - KEPT))

    def _insert(self, wants: Sequence[QuotaWant]) -> Executable:
        """Rows for new keys; two nodes may do so at once."""
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        rows = [_row(QuotaUse(want.scope, want.key, want.period, want.ends, 0)) for want in wants]
        names = {"s": "scope", "k": "key", "p": "period", "e": "ends", "n": "used"}
        return (
            insert(quotas).values([{names[name]: row[name] for name in names} for row in rows]).on_conflict_do_nothing()
        )

    async def _locked(self, connection: AsyncConnection, wants: Sequence[QuotaWant]) -> dict[tuple[str, str], QuotaUse]:
        names = [(want.scope, want.key) for want in wants]
        query = select(quotas).where(tuple_(quotas.c.scope, quotas.c.key).in_(names))
        query = query.order_by(quotas.c.scope, quotas.c.key).with_for_update()
        return {(row.scope, row.key): QuotaUse(*row) for row in await connection.execute(query)}

    async def _has_room(self) -> bool:
        if self._since % _COUNT_EVERY == 0 or self._counted + self._since >= self._most:
            async with self._database.read() as connection:
                self._counted = int(await connection.scalar(select(func.count()).select_from(quotas)) or 0)
            self._since = 0
        return self._counted + self._since < self._most

    async def _rows(self, query: Any) -> list[QuotaUse]:
        async with self._database.read() as connection:
            return [QuotaUse(*row) for row in await connection.execute(query)]


_UPDATE = (
    update(quotas)
    .where(quotas.c.scope == bindparam("s"), quotas.c.key == bindparam("k"))
    .values(period=bindparam("p"), ends=bindparam("e"), used=bindparam("n"))
)


def _row(use: QuotaUse) -> dict[str, Any]:
    return {"s": use.scope, "k": use.key, "p": use.period, "e": use.ends, "n": use.used}


def _given(want: QuotaWant, known: QuotaUse) -> QuotaUse:
    """What the quota is like afterwards.

    The same kind of period never ends earlier than it did: a clock that was set back gives no second quota. Of another
    kind of period, what was used until now counts.
    """
    used, ends = known.used, want.ends
    if want.now >= known.ends:
        used = 0
    elif known.period == want.period:
        ends = max(known.ends, want.ends)
    given = max(0, min(want.tokens, want.limit - used))
    return QuotaUse(want.scope, want.key, want.period, ends, used + given, given)
