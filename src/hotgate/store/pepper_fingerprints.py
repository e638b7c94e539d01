"""Recognizes a wrong pepper when a store is opened: with it every key would be unknown, which looks like an attack."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hotgate.store.errors import StoreUnusable
from hotgate.store.pepper import Peppers
from hotgate.store.schema import api_keys, pepper_fingerprints

_WRONG_PEPPER = (
    "it was written with another pepper: restore that one, or add it to the list `store.pepper`; "
    "to begin anew with this one, empty the table `pepper_fingerprints` and give out new keys"
)


async def admit_peppers(connection: AsyncConnection, peppers: Peppers) -> None:
    """Note those that are new, if one of them is known or the store knows none. Raises StoreUnusable.

    Call in the transaction that migrates: others who open the store wait for it.
    """
    configured = peppers.fingerprints()
    known = await known_fingerprints(connection)
    if known and known.isdisjoint(configured):
        if await _may_be_in_use(connection):
            raise StoreUnusable(_WRONG_PEPPER)
        await connection.execute(delete(pepper_fingerprints))
    if new := [{"fingerprint": each} for each in dict.fromkeys(configured) if each not in known]:
        await connection.execute(insert(pepper_fingerprints), new)


async def known_fingerprints(connection: AsyncConnection) -> set[bytes]:
    """Of all peppers that the store was ever opened with."""
    return set((await connection.execute(select(pepper_fingerprints.c.fingerprint))).scalars())


async def _may_be_in_use(connection: AsyncConnection) -> bool:
    """A file without keys may get another pepper; with a server, another node may be about to make the first key."""
    if connection.dialect.name == "postgresql":
        return True
    return (await connection.execute(select(api_keys.c.id).limit(1))).first() is not None
