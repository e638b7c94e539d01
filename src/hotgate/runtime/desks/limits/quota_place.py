"""Where quotas are counted: in the store, or without one in a file of its own in the state directory.

SQLAlchemy is imported when the first quota is counted: not every gateway has any.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from hotgate.runtime.folders.private_folder import UnsafeFolder
from hotgate.runtime.folders.state_directory import StateDirectory, state_directory
from hotgate.store.errors import StoreUnavailable, StoreUnusable

if TYPE_CHECKING:
    from pathlib import Path

    from hotgate.config.gateway import Gateway
    from hotgate.runtime.desks.credential_store import CredentialStore
    from hotgate.store.database import Database
    from hotgate.store.quotas import SqlQuotas

_log = logging.getLogger("hotgate.limits")

FILE = "quotas.db"


class QuotaPlace:
    """credentials: has the store, if there is one. file: of the configuration."""

    def __init__(self, credentials: CredentialStore, file: Path) -> None:
        self._credentials = credentials
        self._file = file
        self._folder: Path | None = None
        self._has_store = False
        self._own: tuple[Path, Database] | None = None
        self._quotas: tuple[Database, SqlQuotas] | None = None

    async def follow(self, config: Gateway) -> None:
        """Count where a configuration says."""
        self._folder = state_directory(self._file, config.state_dir, os.environ).path.absolute()
        self._has_store = config.store is not None
        if self._own is not None and (self._has_store or self._own[0] != self._folder):
            await self.close()
        if any(route.policy("quota") for route in config.routes):
            try:
                await self.opened()  # before the first request needs it: to make the tables takes a while
            except (StoreUnavailable, StoreUnusable) as error:
                _log.error("quotas cannot be counted for now: %s", error)

    async def opened(self) -> SqlQuotas:
        """Raises StoreUnavailable, StoreUnusable."""
        database = await self._database()
        if self._quotas is None or self._quotas[0] is not database:
            from hotgate.store.quotas import SqlQuotas  # noqa: PLC0415 (see the module's docstring)

            self._quotas = database, SqlQuotas(database)
        return self._quotas[1]

    async def close(self) -> None:
        """Let go of the file."""
        if self._own is not None:
            await self._own[1].close()
            self._own = None

    async def _database(self) -> Database:
        if self._has_store:
            if (store := self._credentials.store) is None:
                raise StoreUnavailable("the store is not open")
            return store.database
        if self._own is None:
            self._own = await self._open()
        return self._own[1]

    async def _open(self) -> tuple[Path, Database]:
        from hotgate.store.database import Database  # noqa: PLC0415 (see the module's docstring)

        if self._folder is None:
            raise StoreUnavailable("no configuration is in force")
        folder = self._folder
        try:
            StateDirectory(folder).create()
        except (UnsafeFolder, OSError) as error:
            raise StoreUnavailable(str(error)) from None
        try:
            return folder, await Database.open(f"sqlite:///{folder / FILE}")
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{folder / FILE}: {error}") from None
