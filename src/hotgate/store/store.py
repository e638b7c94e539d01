"""The store as the control process and the command line use it: consumers, API keys, revocations, used tokens.

All writes of one kind of record are serial (`database.Writing`), so what a write has looked up holds until it commits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, Table, bindparam, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from hotgate.store.bounds import MAX_BATCH, MAX_PAGE, check_consumer, check_key, check_revocation
from hotgate.store.database import Database, Writing
from hotgate.store.errors import AlreadyExists, DoesNotExist, InvalidRecord
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer, Revocation, StoredKey, stronger
from hotgate.store.rows import (
    CONSUMER_COLUMNS,
    KEY_COLUMNS,
    REVOCATION_COLUMNS,
    consumer_of,
    consumer_row,
    key_of,
    key_row,
    revocation_name,
    revocation_of,
    revocation_row,
)
from hotgate.store.schema import api_keys, consumers, revocations, sequence, single_use

_CHANGEABLE = {"groups", "roles", "tier", "metadata", "is_disabled"}


class Store:
    """Every method raises StoreUnavailable when the database cannot be asked; nothing is changed then."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    async def open(cls, url: str, peppers: Peppers | None = None) -> "Store":
        """Open and migrate it: `sqlite:///path` or `postgresql://…`. Raises StoreUnavailable, StoreUnusable.

        peppers: must be the store's, as in `Database.migrate`.
        """
        return cls(await Database.open(url, peppers))

    async def close(self) -> None:
        """Hang up."""
        await self.database.close()

    async def add_consumer(self, consumer: Consumer) -> None:
        """Raises InvalidRecord, AlreadyExists."""
        async with self.database.write() as writing:
            if not await _add_consumers(writing, [consumer]):
                raise AlreadyExists("consumer", f"there is a consumer {consumer.name!r} already")

    async def change_consumer(self, name: str, /, **changes: Any) -> Consumer:
        """Change fields of a Consumer. Returns it as it is now. Raises InvalidRecord, DoesNotExist."""
        if not changes or not changes.keys() <= _CHANGEABLE:
            raise InvalidRecord("only fields of a consumer other than its name and when it was created can be changed")
        async with self.database.write() as writing:
            query = _columns(consumers, CONSUMER_COLUMNS).where(consumers.c.name == name)
            found = (await writing.execute(query)).first()
            if found is None:
                raise DoesNotExist("consumer", f"there is no consumer {name!r}")
            new = replace(consumer_of(found), **changes)
            check_consumer(new)
            await writing.execute(update(consumers).where(consumers.c.name == name).values(consumer_row(new)))
            writing.note("consumer", name)
        return new

    async def consumer(self, name: str) -> Consumer | None:
        """The one of that name."""
        found = await self._rows(_columns(consumers, CONSUMER_COLUMNS).where(consumers.c.name == name))
        return consumer_of(found[0]) if found else None

    async def consumers(self, after: str = "", limit: int = 100) -> list[Consumer]:
        """At most `limit` (1,000) of them by name, those that come after a name."""
        query = _columns(consumers, CONSUMER_COLUMNS).where(consumers.c.name > after).order_by(consumers.c.name)
        return [consumer_of(row) for row in await self._rows(_page(query, limit))]

    async def remove_consumer(self, name: str) -> None:
        """Remove it and all its keys. Raises DoesNotExist."""
        async with self.database.write() as writing:
            await writing.execute(delete(api_keys).where(api_keys.c.consumer == name))
            removed = await writing.execute(delete(consumers).where(consumers.c.name == name))
            _check_found(removed.rowcount, "consumer", name)
            writing.note("consumer", name)
            writing.note("keys_of", name)

    async def add_key(self, key: StoredKey) -> None:
        """Raises InvalidRecord, DoesNotExist for its consumer, AlreadyExists for its id or digest."""
        await self.add_keys([key])

    async def add_keys(self, keys: Sequence[StoredKey], new_consumers: Sequence[Consumer] = ()) -> None:
        """Add all of at most MAX_BATCH keys, or none. Raises as `add_key` does.

        new_consumers: are added with them, but for those of whose name there is one.
        """
        if not 0 < len(keys) <= MAX_BATCH:
            raise InvalidRecord(f"1 to {MAX_BATCH} keys can be added at once")
        async with self.database.write() as writing:
            await _add_consumers(writing, new_consumers)
            await _check_consumers(writing, {key.consumer for key in keys})
            await _add_keys(writing, keys)

    async def key(self, id: str) -> StoredKey | None:  # noqa: A002 (what everybody calls it)
        """The one of that id."""
        found = await self._rows(_columns(api_keys, KEY_COLUMNS).where(api_keys.c.id == id))
        return key_of(found[0]) if found else None

    async def keys(self, consumer: str | None = None, after: str = "", limit: int = 100) -> list[StoredKey]:
        """At most `limit` (1,000) keys by id, of one consumer or all, those that come after an id."""
        query = _columns(api_keys, KEY_COLUMNS).where(api_keys.c.id > after).order_by(api_keys.c.id)
        if consumer is not None:
            query = query.where(api_keys.c.consumer == consumer)
        return [key_of(row) for row in await self._rows(_page(query, limit))]

    async def change_key(self, id: str, /, **changes: Any) -> StoredKey:  # noqa: A002 (as above)
        """Change fields of a StoredKey. Returns it as it is now. Raises InvalidRecord, DoesNotExist, AlreadyExists."""
        if not changes or "id" in changes or not changes.keys() <= set(StoredKey.__dataclass_fields__):
            raise InvalidRecord("only fields of a key other than its id can be changed")
        return await self._change_key(id, lambda old: replace(old, **changes))

    async def revoke_key(self, id: str, reason: str, now: float) -> StoredKey:  # noqa: A002 (as above)
        """End its life; the first time and reason stay. Raises InvalidRecord, DoesNotExist."""

        def revoked(old: StoredKey) -> StoredKey:
            return old if old.revoked_at is not None else replace(old, revoked_at=now, revoked_reason=reason)

        return await self._change_key(id, revoked)

    async def rotate_key(self, id: str, rotated: Callable[[StoredKey], tuple[StoredKey, StoredKey]]) -> StoredKey:  # noqa: A002
        """Replace a key by what `rotated` makes of it: the same key with an end, and its successor, which is returned.

        Raises InvalidRecord, DoesNotExist, AlreadyExists, and what `rotated` raises; nothing is changed then.
        """
        async with self.database.write() as writing:
            old = await _found_key(writing, id)
            ended, successor = rotated(old)
            await _change(writing, old, ended)
            await _add_keys(writing, [successor])
        return successor

    async def touch_keys(self, used: Mapping[str, float]) -> None:
        """Note when keys were last used. No change in the sense of the sequence: nobody decides by it."""
        if not used:
            return
        earlier = or_(api_keys.c.last_used.is_(None), api_keys.c.last_used < bindparam("at"))
        touch = update(api_keys).where(api_keys.c.id == bindparam("key"), earlier).values(last_used=bindparam("at"))
        async with self.database.change() as connection:  # in one order, or two nodes would wait for each other
            await connection.execute(touch, [{"key": key, "at": used[key]} for key in sorted(used)])

    async def revoke(self, revocation: Revocation) -> None:
        """Add it, or replace the one of the same provider, kind and value. Raises InvalidRecord."""
        check_revocation(revocation)
        async with self.database.write() as writing:
            await writing.execute(delete(revocations).where(*_is_same(revocation)))
            await writing.execute(insert(revocations).values(revocation_row(revocation)))
            writing.note("revocation", revocation_name(revocation.provider, revocation.kind, revocation.value))

    async def strengthen(self, new: Sequence[Revocation]) -> None:
        """Add all of at most MAX_BATCH revocations, or none. Where there is one of the same provider, kind and value,
        what either of them refuses stays refused. Raises InvalidRecord."""
        if len(new) > MAX_BATCH:
            raise InvalidRecord(f"at most {MAX_BATCH} revocations can be added at once")
        for revocation in new:
            check_revocation(revocation)
        async with self.database.write() as writing:
            for revocation in new:
                query = _columns(revocations, REVOCATION_COLUMNS).where(*_is_same(revocation))
                found = (await writing.execute(query)).first()
                merged = revocation if found is None else stronger(revocation_of(found), revocation)
                await writing.execute(delete(revocations).where(*_is_same(revocation)))
                await writing.execute(insert(revocations).values(revocation_row(merged)))
                writing.note("revocation", revocation_name(merged.provider, merged.kind, merged.value))

    async def revocations(self, after: tuple[str, str, str] = ("", "", ""), limit: int = 100) -> list[Revocation]:
        """At most `limit` (1,000) of them by provider, kind and value, those that come after such a triple."""
        order = (revocations.c.provider, revocations.c.kind, revocations.c.value)
        query = _columns(revocations, REVOCATION_COLUMNS).where(tuple_(*order) > after).order_by(*order)
        return [revocation_of(row) for row in await self._rows(_page(query, limit))]

    async def lift(self, provider: str, kind: str, value: str = "") -> None:
        """Take a revocation back. Raises DoesNotExist."""
        async with self.database.write() as writing:
            of_it = (revocations.c.provider == provider, revocations.c.kind == kind, revocations.c.value == value)
            lifted = await writing.execute(delete(revocations).where(*of_it))
            _check_found(lifted.rowcount, "revocation", value or kind)
            writing.note("revocation", revocation_name(provider, kind, value))

    async def claim(self, provider: str, jti: str, expires: float) -> bool:
        """True for the first who claims a token; it must be refused to everybody else until it expires anyway."""
        async with self.database.change() as connection:
            try:
                values = {"digest": _token_digest(provider, jti), "expires": expires}
                await connection.execute(insert(single_use).values(values))
            except IntegrityError:
                await connection.rollback()
                return False
        return True

    async def was_claimed(self, provider: str, jti: str) -> bool:
        """Whether anybody has claimed a token, and it has not been forgotten yet."""
        query = select(single_use.c.digest).where(single_use.c.digest == _token_digest(provider, jti))
        async with self.database.read() as connection:
            return await connection.scalar(query) is not None

    async def prune(self, now: float) -> None:
        """Forget revocations and used tokens that have expired: the tokens have, too."""
        async with self.database.change() as connection:
            await connection.execute(delete(revocations).where(revocations.c.expires < now))
            await connection.execute(delete(single_use).where(single_use.c.expires < now))

    async def counts(self) -> dict[str, int]:
        """How much there is, and the number of the last write."""
        tables = {"consumers": consumers, "keys": api_keys, "revocations": revocations}
        async with self.database.read() as connection:
            found = {
                name: await connection.scalar(select(func.count()).select_from(each)) for name, each in tables.items()
            }
            found["sequence"] = await connection.scalar(select(sequence.c.value))
        return {name: int(number or 0) for name, number in found.items()}

    async def _change_key(self, key_id: str, change: Callable[[StoredKey], StoredKey]) -> StoredKey:
        async with self.database.write() as writing:
            old = await _found_key(writing, key_id)
            new = change(old)
            await _check_consumers(writing, {new.consumer})
            await _change(writing, old, new)
        return new

    async def _rows(self, query: Select[Any]) -> list[Sequence[Any]]:
        async with self.database.read() as connection:
            return list(await connection.execute(query))


def _columns(table: Table, names: Sequence[str]) -> Select[Any]:
    return select(*[table.c[name] for name in names])


def _page(query: Select[Any], limit: int) -> Select[Any]:
    return query.limit(max(1, min(limit, MAX_PAGE)))


def _is_same(revocation: Revocation) -> tuple[Any, ...]:
    return (
        revocations.c.provider == revocation.provider,
        revocations.c.kind == revocation.kind,
        revocations.c.value == revocation.value,
    )


async def _add_consumers(writing: Writing, new: Sequence[Consumer]) -> int:
    """Add those of whose name there is none. Returns how many these are."""
    for consumer in new:
        check_consumer(consumer)
    known = await _known_consumers(writing, {consumer.name for consumer in new})
    rows = [consumer_row(consumer) for consumer in new if consumer.name not in known]
    if rows:
        await writing.execute(insert(consumers), rows)
    for row in rows:
        writing.note("consumer", row["name"])
    return len(rows)


async def _check_consumers(writing: Writing, names: set[str]) -> None:
    if missing := sorted(names - await _known_consumers(writing, names)):
        raise DoesNotExist("consumer", f"there is no consumer {missing[0]!r}")


async def _known_consumers(writing: Writing, names: set[str]) -> set[str]:
    return set((await writing.execute(select(consumers.c.name).where(consumers.c.name.in_(names)))).scalars())


async def _found_key(writing: Writing, key_id: str) -> StoredKey:
    found = (await writing.execute(_columns(api_keys, KEY_COLUMNS).where(api_keys.c.id == key_id))).first()
    if found is None:
        raise DoesNotExist("key", f"there is no key {key_id!r}")
    return key_of(found)


async def _add_keys(writing: Writing, keys: Sequence[StoredKey]) -> None:
    for key in keys:
        check_key(key)
    try:
        await writing.execute(insert(api_keys), [key_row(key) for key in keys])
    except IntegrityError:
        raise AlreadyExists("key", "a key with this id, or the same key, is there already") from None
    for key in keys:
        writing.note("key", key.id)


async def _change(writing: Writing, old: StoredKey, new: StoredKey) -> None:
    """Only the columns that differ: when it was last used is written by others meanwhile."""
    check_key(new)
    before = key_row(old)
    values = {name: value for name, value in key_row(new).items() if value != before[name]}
    writing.note("key", old.id)
    if not values:
        return
    try:
        await writing.execute(update(api_keys).where(api_keys.c.id == old.id).values(values))
    except IntegrityError:
        raise AlreadyExists("key", "the same key is there already") from None


def _check_found(count: int, what: str, name: str) -> None:
    if count == 0:
        raise DoesNotExist(what, f"there is no {what} {name!r}")


def _token_digest(provider: str, jti: str) -> bytes:
    return sha256(f"{len(provider)}:{provider}{jti}".encode()).digest()
