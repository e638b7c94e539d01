"""Transactions on either database: reads that see one moment, and writes that count up the sequence of changes."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import CursorResult, Executable, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hotgate.store.engine import WRITES, create_engine, one_line
from hotgate.store.errors import StoreUnavailable
from hotgate.store.migrate import current_revision, migrate
from hotgate.store.pepper import Peppers
from hotgate.store.pepper_fingerprints import admit_peppers
from hotgate.store.schema import changes, sequence

CHANNEL = "hotgate_store"  # of LISTEN and NOTIFY
CHANGES_KEPT = 20_000  # that can be followed one by one, twice the largest write; who is behind reads everything anew
_PRUNE_EVERY = 256  # writes
_LARGE_WRITE = 100  # changes


class Writing:
    """One transaction that changes something. seq: its number."""

    def __init__(self, connection: AsyncConnection, seq: int) -> None:
        self._connection = connection
        self._noted: set[tuple[str, str]] = set()
        self.seq = seq

    async def execute(
        self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run a statement, or the same one for many rows."""
        return await self._connection.execute(statement, rows)

    def note(self, kind: str, name: str) -> None:
        """Say what was changed. Each write notes at least one thing: a number without a note would be a gap."""
        self._noted.add((kind, name))

    async def finish(self) -> None:
        """Write down what was noted; the caller commits."""
        rows = [{"seq": self.seq, "kind": kind, "id": name} for kind, name in sorted(self._noted)]
        await self._connection.execute(insert(changes), rows)
        if self.seq % _PRUNE_EVERY == 0 or len(rows) > _LARGE_WRITE:
            await prune_changes(self._connection)
        if self._connection.dialect.name == "postgresql":
            await self._connection.execute(text(f"NOTIFY {CHANNEL}"))  # sent with the commit


async def prune_changes(connection: AsyncConnection) -> None:
    """Keep the newest, and of no write only a part."""
    oldest = select(changes.c.seq).order_by(changes.c.seq.desc()).offset(CHANGES_KEPT).limit(1)
    await connection.execute(delete(changes).where(changes.c.seq <= oldest.scalar_subquery()))


class Database:
    """Made by `open`, or from an engine and migrated later. written: called after each write. own_writes: their
    numbers, until `ChangeFeed` has seen them.

    is_checked: set once tables and peppers are known to be right; before that there is no `write`.

    Every method raises StoreUnavailable when the database cannot be asked.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(**WRITES)
        self.written: Callable[[], None] = lambda: None
        self.is_checked = False
        self.own_writes: set[int] = set()

    @classmethod
    async def open(cls, url: str, peppers: Peppers | None = None, *, is_replica: bool = False) -> "Database":
        """Connect, and migrate as `migrate` does. Raises StoreUnavailable, StoreUnusable."""
        database = cls(create_engine(url, is_replica=is_replica))
        try:
            await database.migrate(peppers)
        except BaseException:
            await database.close()
            raise
        database.is_checked = True
        return database

    async def migrate(self, peppers: Peppers | None = None) -> None:
        """Bring the tables up to date. Raises StoreUnavailable, StoreUnusable; nothing is changed then.

        peppers: with which keys are made and looked up; they must be the store's. None: for who does neither.
        """
        async with self.change() as connection:
            await connection.run_sync(migrate)
            if peppers is not None:
                await admit_peppers(connection, peppers)

    async def close(self) -> None:
        """Hang up."""
        await self._engine.dispose()

    @property
    def is_sqlite(self) -> bool:
        """Which of the two dialects it speaks."""
        return self._engine.dialect.name == "sqlite"

    async def revision(self) -> str | None:
        """Which tables it has; None for an empty database."""
        async with self.read() as connection:
            return await connection.run_sync(current_revision)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one moment, however many statements it has."""
        with _foreign_errors():
            async with self._engine.connect() as connection:
                if connection.dialect.name == "postgresql":
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection

    @asynccontextmanager
    async def change(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that changes what nobody follows, such as when a key was last used."""
        with _foreign_errors():
            async with self._writing.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Writing]:
        """A transaction of the sequence. One after another: each waits for the row that the one before has locked."""
        number = 0
        try:
            async with self.change() as connection:
                if not self.is_checked:
                    raise StoreUnavailable("nothing is written before its tables and peppers are known to be right")
                counted = update(sequence).values(value=sequence.c.value + 1).returning(sequence.c.value)
                number = (await connection.execute(counted)).scalar_one()
                self.own_writes.add(number)  # before anybody can see it
                writing = Writing(connection, number)
                yield writing
                await writing.finish()
        except BaseException:
            self.own_writes.discard(number)  # the next one to write has this number
            raise
        self.written()

    async def sequence(self) -> int:
        """The number of the last write."""
        async with self.read() as connection:
            return int((await connection.execute(select(sequence.c.value))).scalar_one())


@contextmanager
def _foreign_errors() -> Iterator[None]:
    """Whatever the drivers raise becomes one error of ours, without statement and parameters."""
    try:
        yield
    except DBAPIError as error:
        raise StoreUnavailable(one_line(error.orig or error)) from None
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise StoreUnavailable(one_line(error)) from None
