"""One connection to a directory, on which one thing is asked after the other."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from hotgate.control.directories import ldap_message
from hotgate.control.directories.directory_unavailable import DirectoryUnavailable
from hotgate.control.directories.ldap_message import Answer, BadMessage, Entry, Result, Scope
from hotgate.identity.directories.search_filter import SearchFilter

SUCCESS, SIZE_LIMIT_EXCEEDED, NO_SUCH_OBJECT = 0, 4, 32  # RFC 4511 appendix A.1
_NAMES = {
    8: "strongerAuthRequired",
    13: "confidentialityRequired",
    NO_SUCH_OBJECT: "noSuchObject",
    34: "invalidDNSyntax",
    49: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    53: "unwillingToPerform",
}
_LARGE = 16 * 1024  # bytes of a message that takes so long to decode (10 ms) that others must not wait for it
_MAX_BUFFERED = 2 * ldap_message.MAX_BYTES


def named(code: int) -> str:
    """A result's code as operators can look it up."""
    return f"code {code} ({_NAMES[code]})" if code in _NAMES else f"code {code}"


class Address(NamedTuple):
    """tls: how to protect the connection, None: not at all. starts_plain: TLS begins with StartTLS (RFC 4511 §4.14)."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    starts_plain: bool


class Found(NamedTuple):
    """is_all: whether there are no others; a directory may have a limit of its own that is lower than ours."""

    entries: list[Entry]
    is_all: bool


class _Reader(asyncio.Protocol):
    """Takes messages out of what arrives. Only so much is buffered."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._arrived = asyncio.Event()
        self._failure: Exception | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > _MAX_BUFFERED and self.transport is not None:
            self._failure = DirectoryUnavailable("it sends more than was asked for")
            self.transport.abort()
        self._arrived.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._failure = self._failure or DirectoryUnavailable("the connection is lost")
        self._arrived.set()

    @property
    def is_usable(self) -> bool:
        """Whether it is open, and nothing has arrived unasked."""
        return self._failure is None and not self._received

    async def message(self) -> bytes:
        """The next one. Raises DirectoryUnavailable, BadMessage."""
        while True:
            length = ldap_message.message_length(self._received)
            if length is not None and len(self._received) >= length:
                message = bytes(self._received[:length])
                del self._received[:length]
                return message
            if self._failure is not None:
                raise self._failure
            self._arrived.clear()
            await self._arrived.wait()


class LdapConnection:
    """Made by `connect`. Every method raises DirectoryUnavailable; the caller limits the time."""

    def __init__(self, reader: _Reader, address: Address) -> None:
        self.address = address
        self._reader = reader
        self._number = 0

    @classmethod
    async def connect(cls, address: Address) -> "LdapConnection":
        """A connection that is protected as the address says. Raises DirectoryUnavailable."""
        loop = asyncio.get_running_loop()
        tls = None if address.starts_plain else address.tls
        try:
            _, reader = await loop.create_connection(
                _Reader, address.host, address.port, ssl=tls, server_hostname=address.host if tls else None
            )
            connection = cls(reader, address)
            if address.starts_plain and address.tls is not None:
                await connection._protect(address.tls, address.host)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", "") or type(error).__name__
            raise DirectoryUnavailable(f"no connection to {address.host}:{address.port}: {reason}") from error
        return connection

    @property
    def is_usable(self) -> bool:
        """Whether something can be asked on it."""
        return self._reader.is_usable

    async def bind(self, dn: str, password: str) -> int:
        """Try a name and a password. Returns the result's code."""
        result = await self._ask(ldap_message.bind_request(self._next(), dn, password), [])
        return result.code

    async def search(
        self,
        base: str,
        wanted: SearchFilter,
        values: Mapping[str, str],
        attributes: Sequence[str],
        most: int,
        *,
        only_base: bool = False,
    ) -> Found:
        """Entries at and below `base`, one more than `most` at most. only_base: no other entry than that one."""
        found: list[Entry] = []
        number = self._next()
        scope: Scope = "baseObject" if only_base else "wholeSubtree"
        request = ldap_message.search_request(number, base, scope, wanted, values, attributes, most + 1)
        result = await self._ask(request, found, most + 1)
        if result.code not in (SUCCESS, SIZE_LIMIT_EXCEEDED):
            # Also noSuchObject: a `base` that there is not would else be a wrong password of everybody.
            raise DirectoryUnavailable(f"the search below {base!r} ends with {named(result.code)}")
        return Found(found, is_all=result.code != SIZE_LIMIT_EXCEEDED and len(found) <= most)

    def close(self) -> None:
        """Hang up."""
        if self._reader.transport is not None:
            self._reader.transport.abort()

    async def _ask(self, request: bytes, entries: list[Entry], most: int = 0) -> Result:
        """Send, and collect entries until the end."""
        transport = self._reader.transport
        if transport is None or not self.is_usable:
            raise DirectoryUnavailable("the connection is lost")
        transport.write(request)
        try:
            while True:
                answer = await self._understood(await self._reader.message())
                if isinstance(answer, Result):
                    return answer
                if answer is not None:
                    entries.append(answer)
                if len(entries) > most:
                    raise DirectoryUnavailable("it sends more entries than were asked for")
        except BadMessage as error:
            self.close()
            raise DirectoryUnavailable(str(error)) from None

    async def _understood(self, message: bytes) -> Answer:
        if len(message) < _LARGE:
            return ldap_message.answer(message, self._number)
        return await asyncio.to_thread(ldap_message.answer, message, self._number)

    async def _protect(self, context: ssl.SSLContext, host: str) -> None:
        try:
            await self._start_tls(context, host)
        except BaseException:
            self.close()
            raise

    async def _start_tls(self, context: ssl.SSLContext, host: str) -> None:
        result = await self._ask(ldap_message.start_tls_request(self._next()), [])
        if result.code != SUCCESS:
            raise DirectoryUnavailable(f"it does not begin with TLS: {named(result.code)}")
        if not self.is_usable or self._reader.transport is None:
            # What somebody on the way has put behind the answer must not be read as if it had come protected.
            raise DirectoryUnavailable("something follows before TLS begins")
        loop = asyncio.get_running_loop()
        plain = self._reader.transport
        protected = await loop.start_tls(plain, self._reader, context, server_hostname=host)
        self._reader.transport = protected

    def _next(self) -> int:
        self._number += 1
        return self._number
