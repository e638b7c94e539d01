"""A few connections to a directory, kept for the next login; none to a place where one has just failed."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hotgate.control.directories.directory_unavailable import DirectoryUnavailable
from hotgate.control.directories.ldap_connection import Address, LdapConnection
from hotgate.control.directories.places import Places

LONGEST_IDLE = 60.0  # seconds; firewalls forget a connection without a word, and what is sent on it goes nowhere


class ConnectionPool:
    """size: how many may be open. prepare: called with each new connection, to bind it, say.

    clock: monotonic seconds.
    """

    def __init__(
        self,
        places: Places,
        size: int,
        prepare: Callable[[LdapConnection], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = places
        self._prepare = prepare
        self._clock = clock
        self._free = asyncio.Semaphore(size)
        self._idle: list[tuple[LdapConnection, float]] = []
        self._is_closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[LdapConnection]:
        """One for a block; the caller limits the time. Raises DirectoryUnavailable."""
        async with self._free:
            connection = await self._opened()
            try:
                yield connection
            except BaseException as error:
                # What is wrong with one entry alone must not count against the place: anybody may have such an entry.
                if isinstance(error, asyncio.CancelledError) or not connection.is_usable:
                    self._places.failed(connection.address)
                connection.close()  # an answer may still be on its way
                raise
            self._put_back(connection)

    def close(self) -> None:
        """Hang up: at once on all that are idle, on others once they are not used any more."""
        self._is_closed = True
        for connection, _ in self._idle:
            connection.close()
        self._idle.clear()

    def _put_back(self, connection: LdapConnection) -> None:
        if self._is_closed:
            connection.close()
        else:
            self._idle.append((connection, self._clock()))

    async def _opened(self) -> LdapConnection:
        while self._idle:
            connection, since = self._idle.pop()
            is_fresh = self._clock() - since < LONGEST_IDLE and self._places.is_good(connection.address)
            if is_fresh and connection.is_usable:
                return connection
            connection.close()
        *first, last = self._places.in_order()
        for address in first:
            try:
                async with asyncio.timeout(self._places.patience):
                    return await self._new(address)
            except (DirectoryUnavailable, TimeoutError):
                self._places.failed(address)
        return await self._new(last)

    async def _new(self, address: Address) -> LdapConnection:
        connection = await LdapConnection.connect(address)
        try:
            if self._prepare is not None:
                await self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection
