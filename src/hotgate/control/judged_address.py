"""Where a call goes: a name is looked up here, its addresses are judged, and the connection goes to one of these, so
that no name changes its mind in between (DNS rebinding).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from hotgate.control.address_zone import Zone, zone_of
from hotgate.control.download import FetchFailed

_MOST_ADDRESSES = 3  # of one host that are tried

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
T = TypeVar("T")


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system finds them. Raises OSError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("no name that a host can have") from None
    return [str(each[4][0]) for each in found]


@dataclass(frozen=True, slots=True)
class Place:
    """An address that may be called. named_by: the zone of who named it, None for the operator, who may name any."""

    url: str
    named_by: Zone | None = None


async def at_judged_address(place: Place, resolve: Resolve, call: Callable[[str, str], Awaitable[T]]) -> tuple[T, Zone]:
    """What `call(url, address)` gives at the first address that answers, and its zone.

    Raises FetchFailed, OSError, and what `call` raises. The caller limits the time.
    """
    target = urlsplit(place.url)
    host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
    addresses = (await resolve(host, port))[:_MOST_ADDRESSES]
    for zone in map(zone_of, addresses):
        if place.named_by is not None and zone not in (Zone.PUBLIC, place.named_by):
            raise FetchFailed(f"the address it names is {zone.value}, and that of the metadata is not")
    if not addresses:
        raise FetchFailed("its name has no address")
    for address in addresses[:-1]:
        try:
            return await call(place.url, address), zone_of(address)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
    return await call(place.url, addresses[-1]), zone_of(addresses[-1])
