"""The store in the control process: opened before workers hear of it, followed through reloads, kept tidy.

SQLAlchemy and Alembic take a third of a second to import, so a gateway without a store does not.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.loader import Loaded
from hotgate.config.store_url import shown
from hotgate.control.revocation_administration import token_providers
from hotgate.runtime.folders.store_place import StorePlace, store_place
from hotgate.runtime.workers.channel import Message
from hotgate.store.credentials import CredentialSettings
from hotgate.store.errors import StoreUnavailable, StoreUnusable
from hotgate.store.last_used import LastUsed
from hotgate.store.pepper import Peppers

if TYPE_CHECKING:
    from hotgate.runtime.desks.open_store import OpenStore
    from hotgate.store.store import Store

_log = logging.getLogger("hotgate.store")
_audit = logging.getLogger("hotgate.audit")

TIDY_SECONDS = 10.0  # between two writes of when keys were last used, and two looks at what others have changed
_MAX_USED = 100_000  # keys whose last use waits for the store
_MOST_AT_ONCE = 10_000  # of them are written each time: where more are in use, the store has better things to do
_BATCH = 1000


class CredentialStore:
    """broadcast: sends a message to every worker. file: the configuration's."""

    def __init__(self, broadcast: Callable[[Message], None], file: Path) -> None:
        self._broadcast = broadcast
        self._file = file
        self._places: dict[Any, StorePlace] = {}  # by what a configuration says
        self._opened: dict[tuple[str, Path], OpenStore] = {}
        self._in_force: StorePlace | None = None
        self.token_providers: Sequence[str] = ()  # of the configuration in force
        self._used = LastUsed(_MAX_USED)
        self._tidying: asyncio.Task[None] | None = None

    @property
    def store(self) -> "Store | None":
        """The one in force, to write to."""
        opened = self._current()
        return opened.store if opened else None

    @property
    def shared_store(self) -> "Store | None":
        """The one in force if other nodes may use it too."""
        opened = self._current()
        return opened.store if opened and opened.is_replica else None

    @property
    def peppers(self) -> Peppers | None:
        """Those in force."""
        return self._in_force.peppers if self._in_force else None

    def state(self) -> dict[str, Any] | None:
        """Where the store in force is and why it cannot be reached, for the admin API; None without a store."""
        opened = self._current()
        if opened is None or self._in_force is None:
            return None
        return {"place": shown(self._in_force.url), "failure": opened.failure or None}

    async def add(self, loaded: Loaded) -> None:
        """Open what a configuration names as well, before it is in force. Raises ConfigurationErrors."""
        if _said(loaded.config) in self._places:
            return
        try:
            place = await asyncio.to_thread(store_place, loaded.config, self._file, os.environ)
            if place is None:
                return
            if opened := self._opened.get(_key(place)):
                await opened.check(place.peppers)
            else:
                self._opened[_key(place)] = await _open(place, self._tell)
            self._places[_said(loaded.config)] = place
        except (StoreUnusable, StoreUnavailable) as error:
            raise ConfigurationErrors([loaded.error(("store",), str(error))]) from error

    async def follow(self, loaded: Loaded) -> None:
        """Use what a configuration names, and nothing else. Raises ConfigurationErrors."""
        await self.add(loaded)
        self._in_force = self._places.get(_said(loaded.config))
        self.token_providers = token_providers(loaded.config)
        self._places = {said: place for said, place in self._places.items() if place is self._in_force}
        for key in [key for key in self._opened if self._in_force is None or key != _key(self._in_force)]:
            await self._opened.pop(key).close()
        if self._in_force is not None:
            self._opened[_key(self._in_force)].use(self._in_force.peppers)
        self._tell()
        if self._in_force is not None and self._tidying is None:
            self._tidying = asyncio.create_task(self._tidy())

    def message(self, config: Any) -> Mapping[str, Any] | None:
        """What a worker needs to know with a configuration that was added; None if it has no store."""
        settings = self.settings(config)
        return None if settings is None else settings.message()

    def settings(self, config: Any) -> CredentialSettings | None:
        """The same, for this process."""
        place = self._places.get(_said(config))
        if place is None:
            return None
        opened = self._opened[_key(place)]
        return CredentialSettings(opened.path, place.peppers, place.max_stale, place.cache, opened.is_replica)

    def report(self) -> Message:
        """Where workers should look, for one that has just connected."""
        opened = self._current()
        return {"type": "store_changed", "path": str(opened.path) if opened else ""}

    def were_used(self, message: Message) -> None:
        """A worker's `keys_used`. Raises KeyError, TypeError or ValueError for one that makes no sense."""
        for key, used in message["used"].items():
            self._used.note(key, float(used))

    async def stop(self) -> None:
        """Write what waits, and let go of everything."""
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.gather(self._tidying, return_exceptions=True)
        await self._write_used(_MAX_USED)
        await self._tell_of_others()
        for opened in self._opened.values():
            await opened.close()
        self._opened.clear()

    def _current(self) -> "OpenStore | None":
        return self._opened.get(_key(self._in_force)) if self._in_force else None

    def _tell(self) -> None:
        self._broadcast(self.report())

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            await self._write_used(_MOST_AT_ONCE)
            await self._tell_of_others()
            store = self.store
            if store is not None:
                try:
                    await store.prune(time.time())
                except StoreUnavailable as error:
                    _log.warning("what has expired stays in the store for now: %s", error)

    async def _tell_of_others(self) -> None:
        """A command leaves no line of its own in the gateway's log, nor does a gateway elsewhere."""
        opened = self._current()
        if opened is None or opened.failure:
            return
        try:
            for subject in await opened.changes.look():
                _audit.info("change-store", extra={"facts": {"by": "another process", "subject": subject}})
        except StoreUnavailable as error:
            _log.warning("what others have changed in the store is told later: %s", error)

    async def _write_used(self, most: int) -> None:
        """Batch by batch, those first whose use is longest ago; what is not written waits for the next time."""
        store, waiting = self.store, list(self._used.take().items())
        written = 0
        try:
            while store is not None and written < min(most, len(waiting)):
                await store.touch_keys(dict(waiting[written : written + _BATCH]))
                written += _BATCH
        except StoreUnavailable as error:
            _log.warning("when keys were last used is written later: %s", error)
        finally:  # also when `stop` interrupts it, which writes the rest itself
            self._used.put_back(dict(waiting[written:]))


async def _open(place: StorePlace, changed: Callable[[], None]) -> "OpenStore":
    from hotgate.runtime.desks.open_store import OpenStore  # noqa: PLC0415 (see the module's docstring)

    return await OpenStore.open(place, changed)


def _said(config: Any) -> Any:
    return config.state_dir, config.store


def _key(place: StorePlace) -> tuple[str, Path]:
    return place.url, place.folder
