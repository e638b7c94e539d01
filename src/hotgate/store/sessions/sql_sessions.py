"""Sessions in the store's database. They have no part in its sequence of changes: no cache follows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hotgate.store.database import Database
from hotgate.store.errors import AlreadyExists
from hotgate.store.schema import sessions
from hotgate.store.sessions.kept_session import KeptSession, check_sealed, check_session
from hotgate.store.sessions.session_store import MAX_PAGE, MAX_PER_SUBJECT, MAX_SESSIONS, SessionPage, SessionsFull

_COLUMNS = tuple(KeptSession.__dataclass_fields__)
_BATCH = 1000  # rows that are touched in one transaction
_COUNT_EVERY = 100  # sessions that are made between two counts: to count a million rows takes its time


class SqlSessions:
    """A SessionStore. database: the store's; its tables must be up to date."""

    def __init__(self, database: Database, most: int = MAX_SESSIONS) -> None:
        self._database = database
        self._most = most
        self._counted = self._since = 0

    async def create(self, session: KeptSession) -> None:
        """As the contract says."""
        check_session(session)
        await self._check_room()
        row = {name: getattr(session, name) for name in _COLUMNS}
        async with self._database.change() as connection:
            try:
                await connection.execute(insert(sessions).values(**row, ends=session.end))
            except IntegrityError:
                await connection.rollback()
                raise AlreadyExists("session", "a session of this cookie, or of this id, is there already") from None
            await _make_room(connection, session)
        self._since += 1

    async def load(self, provider: str, digest: bytes, now: float) -> KeptSession | None:
        """As the contract says."""
        return _first(await self._rows(_live(provider, now).where(sessions.c.digest == digest)))

    async def replace(self, provider: str, digest: bytes, version: int, sealed: bytes) -> int | None:
        """As the contract says."""
        check_sealed(sealed)
        same = (*_is(provider, digest), sessions.c.version == version)
        async with self._database.change() as connection:
            written = await connection.execute(update(sessions).where(*same).values(sealed=sealed, version=version + 1))
        return version + 1 if written.rowcount else None

    async def touch(self, provider: str, used: Mapping[bytes, float], idle: float) -> None:
        """As the contract says."""
        at: BindParameter[float] = bindparam("at")
        ends = func.min if self._database.is_sqlite else func.least  # of two values, in either dialect
        touched = (
            update(sessions)
            .where(sessions.c.digest == bindparam("key"), sessions.c.provider == provider, sessions.c.last_seen < at)
            .values(last_seen=at, idle=idle, ends=ends(sessions.c.absolute_end, at + idle))
        )
        rows = [{"key": digest, "at": used[digest]} for digest in sorted(used)]  # one order: nodes do not deadlock
        for start in range(0, len(rows), _BATCH):
            async with self._database.change() as connection:
                await connection.execute(touched, rows[start : start + _BATCH])

    async def end(self, provider: str, digest: bytes) -> None:
        """As the contract says."""
        async with self._database.change() as connection:
            await connection.execute(delete(sessions).where(*_is(provider, digest)))

    async def end_matching(
        self, provider: str, *, sid: str | None = None, subject: str | None = None, before: float | None = None
    ) -> int:
        """As the contract says."""
        if sid is None and subject is None:
            return 0
        ended = delete(sessions).where(sessions.c.provider == provider)
        if sid is not None:
            ended = ended.where(sessions.c.sid == sid)
        if subject is not None:
            ended = ended.where(sessions.c.subject == subject)
        if before is not None:
            ended = ended.where(sessions.c.created < before)
        async with self._database.change() as connection:
            return (await connection.execute(ended)).rowcount

    async def find(self, provider: str, session_id: str, now: float) -> KeptSession | None:
        """As the contract says."""
        return _first(await self._rows(_live(provider, now).where(sessions.c.id == session_id)))

    async def has_sid(self, provider: str, sid: str, now: float) -> bool:
        """As the contract says."""
        return bool(await self._rows(_live(provider, now).where(sessions.c.sid == sid).limit(1)))

    async def list(self, provider: str, subject: str | None, now: float, after: str, limit: int) -> SessionPage:
        """As the contract says: by id."""
        limit = max(1, min(limit, MAX_PAGE))
        query = _live(provider, now).where(sessions.c.id > after).order_by(sessions.c.id).limit(limit)
        if subject is not None:
            query = query.where(sessions.c.subject == subject)
        found = [KeptSession(*row) for row in await self._rows(query)]
        return SessionPage(found, found[-1].id if len(found) == limit else None)

    async def count(self) -> int:
        """As the contract says."""
        async with self._database.read() as connection:
            return int(await connection.scalar(select(func.count()).select_from(sessions)) or 0)

    async def prune(self, now: float) -> None:
        """As the contract says."""
        async with self._database.change() as connection:
            await connection.execute(delete(sessions).where(sessions.c.ends <= now))

    async def _check_room(self) -> None:
        if self._since % _COUNT_EVERY == 0 or self._counted + self._since >= self._most:
            self._counted, self._since = await self.count(), 0
        if self._counted + self._since >= self._most:
            raise SessionsFull

    async def _rows(self, query: Select[Any]) -> Sequence[Sequence[Any]]:
        async with self._database.read() as connection:
            return list(await connection.execute(query))


def _is(provider: str, digest: bytes) -> tuple[Any, ...]:
    return sessions.c.digest == digest, sessions.c.provider == provider


def _live(provider: str, now: float) -> Select[Any]:
    columns = [sessions.c[name] for name in _COLUMNS]
    return select(*columns).where(sessions.c.provider == provider, sessions.c.ends > now)


def _first(rows: Sequence[Sequence[Any]]) -> KeptSession | None:
    return KeptSession(*rows[0]) if rows else None


async def _make_room(connection: AsyncConnection, session: KeptSession) -> None:
    """The newest sessions of a subject stay."""
    of_subject = (sessions.c.provider == session.provider, sessions.c.subject == session.subject)
    newest = select(sessions.c.digest).where(*of_subject).order_by(sessions.c.created.desc(), sessions.c.digest)
    found = (await connection.execute(newest.offset(MAX_PER_SUBJECT).limit(MAX_PER_SUBJECT))).scalars().all()
    if found:
        await connection.execute(delete(sessions).where(sessions.c.digest.in_(found)))
