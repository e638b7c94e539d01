"""A few connections to a directory, kept for the next login. Those that failed are not used again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from hotgate.control.directories.ldap_connection import Address, DirectoryUnavailable, LdapConnection


class ConnectionPool:
    """addresses: tried in their order, for a directory that stands in several places. size: how many may be open.

    prepare: called with each new connection, to bind it, say.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        size: int,
        prepare: Callable[[LdapConnection], Awaitable[None]] | None = None,
    ) -> None:
        self._addresses = tuple(addresses)
        self._prepare = prepare
        self._free = asyncio.Semaphore(size)
        self._idle: list[LdapConnection] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[LdapConnection]:
        """One for a block; the caller limits the time. Raises DirectoryUnavailable."""
        async with self._free:
            connection = await self._opened()
            try:
                yield connection
            except BaseException:
                connection.close()  # an answer may still be on its way
                raise
            self._idle.append(connection)

    def close(self) -> None:
        """Hang up on all that are idle."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def _opened(self) -> LdapConnection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        *first, last = self._addresses
        for address in first:
            try:
                return await self._new(address)
            except DirectoryUnavailable:
                continue
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
