"""LISTEN: PostgreSQL says when something was written. Only a hint: whoever waits asks again every second anyway."""

import asyncio
import contextlib
from typing import Any

from hotgate.store.database import CHANNEL
from hotgate.store.engine import one_line, postgresql_connector
from hotgate.store.errors import StoreUnavailable


class Notices:
    """One connection of its own. Used by one task."""

    def __init__(self, url: str) -> None:
        self._connect = postgresql_connector(url)
        self._connection: Any = None
        self._came = asyncio.Event()

    async def listen(self) -> None:
        """Connect, unless a connection is there. Raises StoreUnavailable."""
        if self._connection is not None and not self._connection.is_closed():
            return
        import asyncpg  # noqa: PLC0415 (an extra, which is there when we get here)

        self._connection = connection = await self._connect()
        try:
            await connection.add_listener(CHANNEL, lambda *_: self._came.set())
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StoreUnavailable(f"PostgreSQL does not let us listen: {one_line(error)}") from None
        self._came.set()  # for what was said before we listened

    async def wait(self, seconds: float) -> None:
        """Until something was said, or nothing for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may lose a cancellation
                await self._came.wait()
        self._came.clear()

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.terminate()
