"""One opened store in the control process, with the replica that workers read if it is a database server."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from hotgate.config.store_url import shown
from hotgate.runtime.folders.store_place import StorePlace
from hotgate.store.change_feed import ChangeFeed
from hotgate.store.database import Database
from hotgate.store.engine import create_engine
from hotgate.store.errors import StoreUnavailable, StoreUnusable
from hotgate.store.local_file import why_unusable
from hotgate.store.pepper import Peppers
from hotgate.store.replica import Replica
from hotgate.store.store import Store

_log = logging.getLogger("hotgate.store")

FIRST_COPY = 30.0  # seconds that a start or a reload waits for a replica; one that takes longer comes later


class OpenStore:
    """store: for those who write. changes: what others write. path: what workers read. peppers: those in force."""

    def __init__(self, store: Store, path: Path, peppers: Peppers) -> None:
        self.store = store
        self.changes = ChangeFeed(store.database)
        self._peppers = peppers
        self._path = path
        self._replica: Replica | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, place: StorePlace, changed: Callable[[], None]) -> "OpenStore":
        """Raises StoreUnavailable, StoreUnusable. A server that is down is no error: its replica is used.

        changed: called when workers should look.
        """
        path = place.local_path
        opened = await (cls._follow(place, changed) if path is None else cls._local(place, path, changed))
        if not opened.failure:
            with contextlib.suppress(StoreUnavailable):
                await opened.changes.look()
        return opened

    @classmethod
    async def _local(cls, place: StorePlace, path: Path, changed: Callable[[], None]) -> "OpenStore":
        opened = cls(await Store.open(place.url, place.peppers), path, place.peppers)
        opened.store.database.written = changed
        return opened

    @classmethod
    async def _follow(cls, place: StorePlace, changed: Callable[[], None]) -> "OpenStore":
        database = Database(create_engine(place.url))
        replica = Replica(place.url, database, place.folder, changed, peppers=place.peppers)
        opened = cls(Store(database), replica.path, place.peppers)
        opened._replica = replica
        opened._task = asyncio.create_task(replica.run())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_COPY):
                await replica.tried.wait()
        if replica.unusable:
            await opened.close()
            raise StoreUnusable(replica.unusable)
        if replica.failure:
            _log.error("%s: serving without the store, from the last copy of it if there is one", shown(place.url))
        return opened

    async def check(self, peppers: Peppers) -> None:
        """See that they are the store's before they are in force. Raises StoreUnavailable, StoreUnusable."""
        if peppers.fingerprints() != self._peppers.fingerprints():  # else a server that is down is no reason to refuse
            await self.store.database.migrate(peppers)

    def use(self, peppers: Peppers) -> None:
        """They are in force."""
        self._peppers = peppers
        if self._replica is not None:
            self._replica.peppers = peppers

    @property
    def path(self) -> Path:
        """What workers read."""
        return self._replica.path if self._replica else self._path

    @property
    def is_replica(self) -> bool:
        """True for a copy, which says itself how far it is in step."""
        return self._replica is not None

    @property
    def failure(self) -> str:
        """Why the store cannot be reached; "" if it can."""
        return self._replica.failure if self._replica else why_unusable(self._path)

    async def close(self) -> None:
        """Let go of it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._replica is not None:
            await self._replica.stop()
        await self.store.close()
