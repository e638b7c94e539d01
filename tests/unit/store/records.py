"""Records for tests, and a way to run a script with an open store."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from hotgate.store.records import Consumer, StoredKey
from hotgate.store.store import Store

ACME = Consumer("acme", ("staff", "eu"), ("admin",), "gold", {"team": {"id": 7}}, created=10.0)


def digest(name: str) -> bytes:
    """32 bytes that are another key's for each name."""
    return sha256(name.encode()).digest()


def key(id_: str, consumer: str = "acme", **fields: Any) -> StoredKey:
    """A key of that id."""
    return StoredKey(id_, fields.pop("digest", digest(id_)), consumer, **fields)


def play(url: str, script: Callable[[Store], Awaitable[None]]) -> None:
    """Run a script with a store that has one consumer, acme."""

    async def run() -> None:
        store = await Store.open(url)
        try:
            await store.add_consumer(ACME)
            await script(store)
        finally:
            await store.close()

    asyncio.run(run())
