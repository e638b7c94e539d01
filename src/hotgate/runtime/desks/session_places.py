"""Where the sessions of each login are kept, by the configuration in force.

SQLAlchemy and the driver of Valkey are imported when there is a store or a server: not every gateway has either, nor
the driver.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from hotgate.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hotgate.config.gateway import Gateway
    from hotgate.config.valkey import Valkey
    from hotgate.store.sessions.session_store import SessionStore
    from hotgate.store.sessions.sql_sessions import SqlSessions
    from hotgate.store.sessions.valkey_sessions import ValkeySessions
    from hotgate.store.store import Store
    from hotgate.store.valkey_connection import ValkeyConnection

_log = logging.getLogger("hotgate.store")

PRUNE_SECONDS = 60.0


class SessionPlaces:
    """store: gives the one in force, or None. Nothing connects before the first session."""

    def __init__(self, store: Callable[[], Store | None], now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now
        self._keep: dict[str, str] = {}  # by entry
        self._sql: tuple[Store, SqlSessions] | None = None
        self._valkey: tuple[Valkey, ValkeyConnection, ValkeySessions] | None = None
        self._pruned = now()
        self._pruning: asyncio.Task[None] | None = None

    async def follow(self, config: Gateway) -> None:
        """Use what a configuration names, and nothing else."""
        self._keep = kept_entries(config)
        settings = config.valkey if config.valkey is not None and "valkey" in self._keep.values() else None
        if self._valkey is not None and self._valkey[0] != settings:
            await self._valkey[1].close()
            self._valkey = None
        if settings is not None and self._valkey is None:
            self._valkey = _opened(settings)

    def of(self, provider: str) -> SessionStore:
        """Where the sessions of an entry are. Raises StoreUnavailable when the configuration has no place for them."""
        found = self.kept().get(provider)
        if found is None:
            raise StoreUnavailable(f"sessions of {provider!r} are kept nowhere")
        return found

    def kept(self) -> Mapping[str, SessionStore]:
        """Entry → place, for those whose sessions are not in cookies."""
        places = {"store": self._in_store(), "valkey": self._valkey and self._valkey[2]}
        return {name: place for name, keep in self._keep.items() if (place := places[keep]) is not None}

    def tick(self) -> None:
        """Remove what has ended, now and then. Call about once a second."""
        if self._now() - self._pruned >= PRUNE_SECONDS and (self._pruning is None or self._pruning.done()):
            self._pruned = self._now()
            self._pruning = asyncio.get_running_loop().create_task(self._prune())

    async def stop(self) -> None:
        """Let go of everything."""
        if self._pruning is not None:
            self._pruning.cancel()
            await asyncio.gather(self._pruning, return_exceptions=True)
        if self._valkey is not None:
            await self._valkey[1].close()

    def _in_store(self) -> SqlSessions | None:
        store = self._store()
        if store is None:
            return None
        if self._sql is None or self._sql[0] is not store:
            from hotgate.store.sessions.sql_sessions import SqlSessions  # noqa: PLC0415 (see the module's docstring)

            self._sql = (store, SqlSessions(store.database))
        return self._sql[1]

    async def _prune(self) -> None:
        for sessions in set(self.kept().values()):
            try:
                await sessions.prune(self._now())
            except StoreUnavailable as error:
                _log.warning("sessions that have ended are kept for now: %s", error)


def _opened(settings: Valkey) -> tuple[Valkey, ValkeyConnection, ValkeySessions]:
    from hotgate.store.sessions.valkey_sessions import ValkeySessions  # noqa: PLC0415
    from hotgate.store.valkey_connection import Servers, ValkeyConnection  # noqa: PLC0415 (see the module's docstring)

    connection = ValkeyConnection(Servers.of(settings))
    return settings, connection, ValkeySessions(connection)


def kept_entries(config: Gateway) -> dict[str, str]:
    """Entry of `identity` → "store" or "valkey"."""
    return {
        name: entry.settings.session.keep
        for name, entry in config.identity.items()
        if entry.mechanism == "oidc" and entry.settings.session.keep != "cookie"
    }
