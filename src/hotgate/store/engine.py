"""Engines for the two databases, with what each needs to be safe and to fail in time."""

import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from hotgate.config.store_url import sqlite_path
from hotgate.store.errors import StoreUnavailable, StoreUnusable
from hotgate.store.local_file import check_private, create_private

if TYPE_CHECKING:
    import asyncpg

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 15.0
BUSY_SECONDS = 5.0  # that a writer waits for another one's transaction, which takes milliseconds
NEEDS_ASYNCPG = "PostgreSQL needs a driver: pip install 'hotgate[postgres]'"

_FILE = "hotgate_file"  # in the pool's notes about a connection

_SWITCHES = 10  # to WAL mode that may fail because others switch, too

WRITES = {"hotgate_writes": True}  # the execution option of transactions that write

# FULL: in WAL mode NORMAL may lose the last commits when the power fails, and an answered revocation must hold.
# Writes are rare, so the fsync of each costs nobody anything. A replica is written every second and may lose some.
_PRAGMAS = ("trusted_schema=OFF",)
_STORE = (*_PRAGMAS, "synchronous=FULL", "foreign_keys=ON")
_REPLICA = (*_PRAGMAS, "synchronous=NORMAL", "foreign_keys=OFF")


def create_engine(url: str, *, is_replica: bool = False) -> AsyncEngine:
    """An engine that has not connected yet. Raises StoreUnusable. is_replica: rows come in any order of the tables."""
    path = sqlite_path(url)
    if path is None:
        return create_async_engine(
            "postgresql+asyncpg://",
            async_creator=postgresql_connector(url),
            pool_size=2,
            max_overflow=2,
            pool_pre_ping=True,
            pool_timeout=CONNECT_SECONDS,
            hide_parameters=True,
        )
    create_private(path)
    engine = create_async_engine(
        # rw: a file that is gone later must not come back empty.
        URL.create("sqlite+aiosqlite", database=path.absolute().as_uri(), query={"mode": "rw", "uri": "true"}),
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=2,
        hide_parameters=True,
    )
    pragmas = _REPLICA if is_replica else _STORE
    event.listen(engine.sync_engine, "connect", lambda connection, record: _prepare(connection, record, path, pragmas))
    event.listen(engine.sync_engine, "checkout", lambda _connection, record, _: _check_file(record, path))
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def postgresql_connector(url: str) -> "Callable[[], Awaitable[asyncpg.Connection]]":
    """A function that connects. asyncpg gets the URL itself, so that it means what it means to libpq.

    Calling it raises StoreUnavailable. Raises StoreUnusable without the driver.
    """
    try:
        import asyncpg  # noqa: PLC0415 (an extra)
    except ImportError:
        raise StoreUnusable(NEEDS_ASYNCPG) from None

    async def connect() -> "asyncpg.Connection":
        try:
            return await asyncpg.connect(
                url,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings={"application_name": "hotgate"},
            )
        except OSError as error:
            raise StoreUnavailable(f"PostgreSQL cannot be reached: {one_line(error)}") from None
        except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            raise StoreUnavailable(f"PostgreSQL does not let us in: {one_line(error)}") from None

    return connect


def one_line(error: BaseException) -> str:
    """What went wrong, short: neither statements nor parameters."""
    return (str(error).strip().partition("\n")[0] or type(error).__name__)[:200]


def _prepare(connection: Any, record: ConnectionPoolEntry, path: Path, pragmas: tuple[str, ...]) -> None:
    record.info[_FILE] = _file_at(path)
    connection.isolation_level = None  # `_begin` says when; sqlite3 would not begin before DDL
    cursor = connection.cursor()
    switch_to_wal(cursor)
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def switch_to_wal(cursor: Any, clock: Callable[[], float] = time.monotonic) -> None:
    """Of two programs that switch a new file, SQLite lets one or both fail at once; only a transaction waits to begin.

    Who has waited so finds the file switched, or is next. Raises sqlite3.OperationalError.
    """
    patient_until = clock() + BUSY_SECONDS
    for _ in range(_SWITCHES):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if clock() >= patient_until:  # it has waited: for somebody who reads and does not end
                raise
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        else:
            return
    cursor.execute("PRAGMA journal_mode=WAL")


def _check_file(record: ConnectionPoolEntry, path: Path) -> None:
    """SQLite would go on writing into a file that was moved away or replaced, where nobody reads it."""
    if record.info[_FILE] != _file_at(path):
        raise DisconnectionError("another file is there now")  # the pool connects to that one


def _file_at(path: Path) -> tuple[int, int]:
    """Which file is there. Raises StoreUnavailable."""
    try:
        found = path.lstat()
        check_private(path, found)
    except OSError as error:
        raise StoreUnavailable(f"the store {path} is gone: {error.strerror}") from None
    except StoreUnusable as error:
        raise StoreUnavailable(str(error)) from None
    return found.st_dev, found.st_ino


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("hotgate_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
