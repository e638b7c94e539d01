"""Engines for the two databases, with what each needs to be safe and to fail in time."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from hotgate.config.store_url import sqlite_path
from hotgate.store.errors import StoreUnavailable, StoreUnusable
from hotgate.store.local_file import create_private, identity

if TYPE_CHECKING:
    from pathlib import Path

    import asyncpg

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 15.0
BUSY_SECONDS = 5.0  # that a writer waits for another one's transaction, which takes milliseconds
NEEDS_ASYNCPG = "PostgreSQL needs a driver: pip install 'hotgate[postgres]'"

WRITES = {"hotgate_writes": True}  # the execution option of transactions that write

# FULL: in WAL mode NORMAL may lose the last commits when the power fails, and an answered revocation must hold.
# Writes are rare, so the fsync of each costs nobody anything. A replica is written every second and may lose some.
_PRAGMAS = ("journal_mode=WAL", "trusted_schema=OFF")
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
        URL.create("sqlite+aiosqlite", database=path.absolute().as_uri(), query={"mode": "rw", "uri": "true"}),
        connect_args={"timeout": BUSY_SECONDS},
        pool_size=2,
        hide_parameters=True,
    )
    pragmas = _REPLICA if is_replica else _STORE
    event.listen(engine.sync_engine, "connect", lambda connection, _: _prepare(connection, pragmas))
    event.listen(engine.sync_engine, "begin", _begin)
    _follow_file(engine, path)
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
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            raise StoreUnavailable(f"PostgreSQL does not let us in: {one_line(error)}") from None

    return connect


def one_line(error: BaseException) -> str:
    """What went wrong, short: neither statements nor parameters."""
    return (str(error).strip().partition("\n")[0] or type(error).__name__)[:200]


def _prepare(connection: Any, pragmas: tuple[str, ...]) -> None:
    connection.isolation_level = None  # `_begin` says when; sqlite3 would not begin before DDL
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _follow_file(engine: AsyncEngine, path: "Path") -> None:
    """Never use a file that was moved away or replaced: what is written there is lost, though it was answered."""

    def connected(_: Any, record: Any) -> None:
        record.info["file"] = identity(path)

    def checked_out(_: Any, record: Any, __: Any) -> None:
        if identity(path) != record.info["file"]:
            raise DisconnectionError("another file, or none, is in its place")  # the pool connects anew

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "checkout", checked_out)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("hotgate_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
