"""One local SQLite file, read by a worker: the store itself, or the copy that the control process keeps of it.

WAL lets it read beside a writer without waiting. Rows are read with pread from the kernel's page cache: mapping the
file instead would count all of it as memory of the worker. Reads see the state that `renew` has last found: to lock
and to look for a newer one with every read would cost as much as the read.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotgate.store.errors import StoreUnavailable, StoreUnusable
from hotgate.store.local_file import check_private, identity
from hotgate.store.records import Consumer, StoredKey
from hotgate.store.rows import CONSUMER_COLUMNS, KEY_COLUMNS, consumer_of, key_of

MAX_CHANGES = 10_000  # rows that are read at once; more means to begin anew
_CACHE_KIB = 16 * 1024  # of pages: the upper levels of the indexes of some million keys
_PRAGMAS = (f"cache_size=-{_CACHE_KIB}", "mmap_size=0", "query_only=ON", "trusted_schema=OFF", "cell_size_check=ON")

_FOREIGN = (sqlite3.Error, OSError, StoreUnusable, ValueError, TypeError)

_KEY = f"SELECT {', '.join(KEY_COLUMNS)} FROM api_keys WHERE digest = ?"  # noqa: S608
_OF_CONSUMER = ", ".join(f'"{name}"' for name in CONSUMER_COLUMNS)
_CONSUMER = f"SELECT {_OF_CONSUMER} FROM consumers WHERE name = ?"  # noqa: S608
# From the claims to the table, one point look-up each: left to itself, SQLite would walk over all of the provider's.
_REVOKED = """SELECT 1
    FROM (VALUES ('jti', ?2), ('sub', ?3), ('sid', ?4), ('client', ?5), ('all', '')) AS claim
    CROSS JOIN revocations r ON r.provider = ?1 AND r.kind = claim.column1 AND r.value = claim.column2
    WHERE r.before IS NULL OR r.before > ?6 LIMIT 1"""
_CHANGES = f"SELECT seq, kind, id FROM changes WHERE seq > ? ORDER BY seq LIMIT {MAX_CHANGES + 1}"  # noqa: S608


class LocalReader:
    """Every method raises StoreUnavailable for a file that is missing, damaged or not ours alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _foreign_errors():
            found = path.lstat()
            check_private(path, found)
            self._identity = (found.st_dev, found.st_ino)
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with _foreign_errors():
                self._execute = self._connection.execute
                for pragma in _PRAGMAS:
                    self._execute(f"PRAGMA {pragma}")
        except StoreUnavailable:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def is_replaced(self) -> bool:
        """True when another file, or none, is where this one was opened."""
        return identity(self.path) != self._identity

    def renew(self) -> int:
        """Read what there is now from now on. Returns another number whenever somebody has committed something."""
        with _foreign_errors():
            if self._connection.in_transaction:
                self._execute("COMMIT")
            version = int(self._execute("PRAGMA data_version").fetchone()[0])
            self._execute("BEGIN")
        return version

    def key(self, digest: bytes) -> StoredKey | None:
        """The key of a digest."""
        try:  # a `with` would cost a tenth of the whole look-up
            row = self._execute(_KEY, (digest,)).fetchone()
            return key_of(row) if row else None
        except _FOREIGN as error:
            raise _unavailable(error) from None

    def consumer(self, name: str) -> Consumer | None:
        """Who has this name."""
        with _foreign_errors():
            row = self._execute(_CONSUMER, (name,)).fetchone()
            return consumer_of(row) if row else None

    def is_revoked(
        self, provider: str, jti: str | None, sub: str | None, sid: str | None, client: str | None, issued_at: float
    ) -> bool:
        """True if any of these was revoked for tokens of that time."""
        with _foreign_errors():
            return self._execute(_REVOKED, (provider, jti, sub, sid, client, issued_at)).fetchone() is not None

    def has_revocations(self) -> bool:
        """False when nothing is revoked, which makes every question about it a quick one."""
        with _foreign_errors():
            return self._execute("SELECT 1 FROM revocations LIMIT 1").fetchone() is not None

    def sequence(self) -> int:
        """The number of the last write."""
        with _foreign_errors():
            return int(self._execute("SELECT value FROM sequence").fetchone()[0])

    def changes_since(self, seq: int) -> list[tuple[int, str, str]] | None:
        """What was written after a number: (number, kind, id). None if that can no longer be told."""
        with _foreign_errors():
            rows = self._execute(_CHANGES, (seq,)).fetchall()
        if len(rows) > MAX_CHANGES or (rows and rows[0][0] != seq + 1):
            return None
        return rows

    def in_step_at(self) -> float:
        """Of a replica: when it was last known to be what the database is."""
        with _foreign_errors():
            return float(self._execute("SELECT in_step_at FROM replica").fetchone()[0])


@contextmanager
def _foreign_errors() -> Iterator[None]:
    try:
        yield
    except _FOREIGN as error:
        raise _unavailable(error) from None


def _unavailable(error: Exception) -> StoreUnavailable:
    if isinstance(error, (ValueError, TypeError)):  # a row that we did not write
        return StoreUnavailable(f"a record is damaged: {type(error).__name__}")
    return StoreUnavailable(str(error))
