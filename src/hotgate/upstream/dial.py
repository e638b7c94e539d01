"""How a connection to a backend is made: several addresses at once, Unix sockets, PROXY headers, TLS.

Nothing here is hot: connections are kept. The caller bounds the time.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, TypeVar

from hotgate.upstream.client_tls import ClientTls

P = TypeVar("P", bound=asyncio.Protocol)

_NEXT_AFTER = 0.25  # seconds: the Connection Attempt Delay that RFC 8305 §5 recommends
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV  # so that it cannot block: names are looked up elsewhere
_MAX_ADDRESSES = 16  # of one target; a name may have any number


@dataclass(frozen=True, slots=True)
class Dialer:
    """The way to one target. host: as in its URL, the name that its certificate must have. path: of a Unix socket."""

    host: str
    port: int
    path: str = ""
    tls: ClientTls | None = None

    async def connect(self, addresses: Sequence[str], make: Callable[[], P], header: bytes = b"") -> P:
        """A connection to one of `addresses`, whose protocol is made by `make`; `header` is sent before TLS begins.

        Raises OSError, of which ssl.SSLError and UnknownKey are kinds.
        """
        if len(addresses) == 1 and not (self.path or header):  # nothing to race, nothing to say before
            return await self._protocol(make, {"host": addresses[0], "port": self.port})
        connected = await (_unix_socket(self.path) if self.path else first_connected(addresses, self.port))
        try:
            if header:
                await asyncio.get_running_loop().sock_sendall(connected, header)
        except BaseException:
            connected.close()
            raise
        return await self._protocol(make, {"sock": connected})

    async def _protocol(self, make: Callable[[], P], where: Mapping[str, Any]) -> P:
        loop = asyncio.get_running_loop()
        if self.path:
            return (await loop.create_unix_connection(make, **where))[1]
        tls = self.tls
        if tls is None:
            return (await loop.create_connection(make, **where))[1]
        name = tls.server_name or self.host
        transport, protocol = await loop.create_connection(make, **where, ssl=tls.context, server_hostname=name)
        try:
            tls.check_key(_certificate(transport))
        except OSError:
            transport.abort()
            raise
        return protocol


async def first_connected(addresses: Sequence[str], port: int) -> socket.socket:
    """A connected socket by "happy eyeballs" (RFC 8305): families in turn, and none has to fail before the next begins.

    Raises the OSError of the first attempt when all have failed.
    """
    if len(addresses) == 1:
        return await _tcp_socket(addresses[0], port)
    waiting = deque(interleaved(addresses)[:_MAX_ADDRESSES])
    racing: set[asyncio.Task[socket.socket]] = set()
    errors: list[BaseException] = []
    try:
        while waiting or racing:
            if waiting:
                racing.add(asyncio.create_task(_tcp_socket(waiting.popleft(), port)))
            patience = _NEXT_AFTER if waiting else None
            done, racing = await asyncio.wait(racing, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            errors += [error for task in done if (error := task.exception()) is not None]
            winners = [task.result() for task in done if task.exception() is None]
            for late in winners[1:]:
                late.close()
            if winners:
                return winners[0]
    finally:
        for task in racing:
            task.add_done_callback(_close_late)
            task.cancel()
    raise errors[0] if errors else OSError("no address is known")


def interleaved(addresses: Sequence[str]) -> list[str]:
    """The addresses in the order in which to try them: the families take turns, that of the first one begins (§4)."""
    families: dict[bool, list[str]] = {}
    for address in addresses:
        families.setdefault(":" in address, []).append(address)
    return [address for address in chain(*zip_longest(*families.values())) if address is not None]


async def _tcp_socket(address: str, port: int) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=_NUMERIC)[0]
    return await _connected(socket.socket(family, kind, protocol), place)


async def _unix_socket(path: str) -> socket.socket:
    return await _connected(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), path)


async def _connected(connecting: socket.socket, place: tuple[object, ...] | str) -> socket.socket:
    try:
        connecting.setblocking(False)
        if connecting.family != socket.AF_UNIX:
            connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connecting, place)
    except BaseException:
        connecting.close()
        raise
    return connecting


def _close_late(task: asyncio.Task[socket.socket]) -> None:
    """A loser that connected in the same moment."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _certificate(transport: asyncio.Transport) -> bytes:
    secured: ssl.SSLObject = transport.get_extra_info("ssl_object")
    return secured.getpeercert(binary_form=True) or b""
