"""A local copy of a PostgreSQL store, kept in step by the control process for its workers to read.

While PostgreSQL is down the copy stays as it is, with the time at which it was last in step; workers judge by that.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from hotgate.store.copying import NotInStep, copy_all, copy_changes
from hotgate.store.database import Database
from hotgate.store.errors import StoreUnavailable, StoreUnusable
from hotgate.store.notices import Notices
from hotgate.store.pepper import Peppers
from hotgate.store.replica_files import ReplicaFiles

_log = logging.getLogger("hotgate.store")

POLL = 1.0  # seconds
_NOT_YET = "it was not asked yet"


class Replica:
    """source: PostgreSQL, perhaps not migrated yet. changed: called when the copy has news.

    path: what workers read; there need not be a file yet. failure: why it is not in step; "" if it is.
    unusable: why it never will be. tried: set once PostgreSQL was asked.
    peppers: which must be the store's. They are compared once PostgreSQL can be asked.
    """

    def __init__(
        self,
        url: str,
        source: Database,
        folder: Path,
        changed: Callable[[], None],
        now: Callable[[], float] = time.time,
        *,
        peppers: Peppers | None = None,
    ) -> None:
        self._source = source
        self._files = ReplicaFiles(folder, url)
        self._changed = changed
        self._now = now
        self._notices = Notices(url)
        self.peppers = peppers
        self._local: Database | None = None
        self.failure = _NOT_YET
        self.unusable = ""
        self.tried = asyncio.Event()
        self.path = self._files.newest() or self._files.next()

    async def look(self) -> None:
        """Bring the copy up to date once. Raises StoreUnavailable when PostgreSQL cannot be asked, StoreUnusable."""
        if not self._source.is_checked:
            await self._source.migrate(self.peppers)
            self._source.is_checked = True
        await self._notices.listen()
        try:
            has_news = await self._follow()
        except NotInStep:
            await self._fill()
            has_news = True
        if has_news:
            self._changed()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self.look()
            except StoreUnavailable as error:
                self._failed(str(error))
            except StoreUnusable as error:
                self.unusable = str(error)
                self._failed(self.unusable)
            else:
                self._succeeded()
            self.tried.set()
            await self._notices.wait(POLL)

    async def stop(self) -> None:
        """Let go of everything; the file stays."""
        await self._notices.close()
        await self._close_local()

    async def _follow(self) -> bool:
        """Raises NotInStep, too, when the local file cannot be used."""
        local = await self._opened()
        try:
            return await copy_changes(self._source, local, self._now())
        except StoreUnavailable as error:
            await self._source.sequence()  # if this works, it is the local file that does not
            _log.warning("the copy of the store is made anew: %s", error)
            raise NotInStep from None

    async def _opened(self) -> Database:
        if not self.path.exists():
            raise NotInStep
        if self._local is None:
            try:
                self._local = await Database.open(f"sqlite:///{self.path.absolute()}", is_replica=True)
            except (StoreUnavailable, StoreUnusable) as error:
                _log.warning("the copy of the store is made anew: %s", error)
                raise NotInStep from None
        return self._local

    async def _fill(self) -> None:
        partial = self._files.partial()
        local = await Database.open(f"sqlite:///{partial.absolute()}", is_replica=True)
        try:
            await copy_all(self._source, local, self._now())
        finally:
            await local.close()
        await self._close_local()
        self.path = self._files.next()
        partial.rename(self.path)
        self._files.clean()

    async def _close_local(self) -> None:
        if self._local is not None:
            await self._local.close()
        self._local = None

    def _failed(self, reason: str) -> None:
        if self.failure in ("", _NOT_YET):
            _log.error("the store cannot be reached, its last copy is used: %s", reason)
        self.failure = reason

    def _succeeded(self) -> None:
        if self.failure:
            _log.info("the store is reached, and its copy in step")
        self.failure = ""
