"""Finds an issuer's keys through its metadata (OpenID Connect Discovery 1.0, RFC 8414), and believes it very little.

The operator names the issuer, so the gateway goes wherever that is. The metadata names the address of the keys, and
that is only somebody's word: it must be https and must not lead further inside than the issuer stands itself. Names
are looked up here and the connection goes to the address that was judged, so that no name changes its mind in between
(DNS rebinding). Nothing else of the metadata is used: the algorithms that are accepted stand in the configuration.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from hotgate.config.https_url import is_https_url
from hotgate.control.address_zone import Zone, zone_of
from hotgate.control.download import Document, FetchFailed, NotThere, download
from hotgate.identity import strict_json
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

_logger = logging.getLogger(__name__)

METADATA_INTERVAL = 3600.0  # seconds; providers move their keys' address once in years
METADATA_PATIENCE = 3.0
_MOST_KNOWN = 1000  # issuers
_MOST_ADDRESSES = 3  # of one host that are tried

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system finds them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


@dataclass(slots=True)
class _Known:
    """jwks_uri: where the keys are. zone: where the metadata came from. good_until: when it is read again."""

    jwks_uri: str
    zone: Zone
    good_until: float


class Discovery:
    """Remembers what metadata said. clock: monotonic seconds. patience: seconds for metadata, so that some are left for
    the keys when they are where they were."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        resolve: Resolve = resolved,
        clock: Callable[[], float] = time.monotonic,
        patience: float = METADATA_PATIENCE,
    ) -> None:
        self._client = client
        self._resolve = resolve
        self._clock = clock
        self._patience = patience
        self._known: dict[DiscoveryLocation, _Known] = {}

    async def keys(self, location: DiscoveryLocation) -> Document:
        """The document with the keys. Raises FetchFailed, OSError and httpx errors; the caller limits the time."""
        known = await self._current(location)
        known.good_until = 0.0  # unless all goes well: the keys may have moved
        document, _ = await self._download(known.jwks_uri, known.zone)
        known.good_until = self._clock() + METADATA_INTERVAL
        return document

    async def _current(self, location: DiscoveryLocation) -> _Known:
        """What the metadata says, or has said when it cannot be read any more."""
        known = self._known.get(location)
        if known is not None and self._clock() < known.good_until:
            return known
        try:
            async with asyncio.timeout(self._patience):
                known = await self._read(location)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()  # of configurations long gone
            self._known[location] = known
        except (FetchFailed, OSError, httpx.HTTPError) as error:
            if known is None:
                raise
            reason = str(error) or type(error).__name__
            _logger.warning("the metadata of an issuer cannot be read, its keys stay where they are: %s", reason)
        return known

    async def _read(self, location: DiscoveryLocation) -> _Known:
        *others, last = location.candidates()
        for url in others:
            try:
                return _judged(location.issuer, *await self._download(url))
            except NotThere:
                continue
        return _judged(location.issuer, *await self._download(last))

    async def _download(self, url: str, outside: Zone | None = None) -> tuple[Document, Zone]:
        """A document and the zone it came from. outside: the zone of who named the address; None for the operator."""
        target = urlsplit(url)
        host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
        addresses = (await self._resolve(host, port))[:_MOST_ADDRESSES]
        for zone in map(zone_of, addresses):
            if outside is not None and zone not in (Zone.PUBLIC, outside):
                raise FetchFailed(f"the address of the keys is {zone.value}, and that of the metadata is not")
        for address in addresses[:-1]:
            try:
                return await download(self._client, url, address), zone_of(address)
            except httpx.ConnectError:
                continue
        if not addresses:
            raise FetchFailed("its name has no address")
        return await download(self._client, url, addresses[-1]), zone_of(addresses[-1])


def _judged(issuer: str, document: Document, zone: Zone) -> _Known:
    """What may be believed of the metadata. Raises FetchFailed."""
    try:
        metadata = strict_json.parse_object(document.body)
    except ValueError:
        raise FetchFailed("the metadata is not a JSON object") from None
    if metadata.get("issuer") != issuer:  # RFC 8414 §3.3: identical, or it is somebody else's (mix-up)
        raise FetchFailed("the metadata is of another issuer")
    jwks_uri = metadata.get("jwks_uri")
    if not is_https_url(jwks_uri):
        raise FetchFailed("the metadata has no https address of keys")
    return _Known(str(jwks_uri), zone, 0.0)
