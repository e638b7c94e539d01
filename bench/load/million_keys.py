"""A store that is full of API keys, and the file of request headers that carry them."""

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TextIO

from hotgate.identity.api_keys.managed_key import DEFAULT_ENVIRONMENT, checksum
from hotgate.keys.kept_secret import kept_secret
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer
from hotgate.store.store import Store

_CONSUMERS = 1000
_PEPPER = bytes(range(32))
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_INSERT = (
    "INSERT INTO api_keys (id, digest, consumer, environment, scopes, created, hint) "
    f"VALUES (?, ?, ?, '{DEFAULT_ENVIRONMENT}', '[\"orders:read\"]', ?, '')"
)

Row = tuple[str, bytes, str, float]


def fill_store(folder: Path, count: int) -> Path:
    """Make a state folder with so many keys of a thousand consumers. Returns a file of `X-Api-Key: …` lines, in an
    order that has nothing to do with that of the store."""
    folder.mkdir(mode=0o700)
    kept_secret(folder / "pepper", lambda: _PEPPER)
    store = folder / "hotgate.db"
    asyncio.run(_add_consumers(store))
    credentials = folder / "credentials.txt"
    with credentials.open("w") as lines:
        rows = sorted(_rows(count, lines), key=_digest)  # in the order of the index, which is ten times faster
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.executemany(_INSERT, rows)
    return credentials


async def _add_consumers(path: Path) -> None:
    store = await Store.open(f"sqlite:///{path}", Peppers([_PEPPER]))
    for number in range(_CONSUMERS):
        await store.add_consumer(Consumer(f"consumer-{number}", roles=("partner",), created=time.time()))
    await store.close()


def _rows(count: int, lines: TextIO) -> Iterator[Row]:
    """Nobody need fear for these keys: they live as long as the run."""
    peppers, now = Peppers([_PEPPER]), time.time()
    for number in range(count):
        text = "".join(random.choices(_DIGITS, k=44))
        body = f"hg_{DEFAULT_ENVIRONMENT}_{text[:12]}_{text[12:]}"
        key = body + checksum(body.encode("ascii"))
        lines.write(f"X-Api-Key: {key}\n")
        yield text[:12], peppers.digest(key.encode("ascii")), f"consumer-{number % _CONSUMERS}", now


def _digest(row: Row) -> bytes:
    return row[1]
