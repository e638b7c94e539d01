"""Metadata of issuers that was read already: read again now and then, and kept while an issuer cannot be reached."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from hotgate.control.download import FetchFailed
from hotgate.control.issuer_metadata import IssuerMetadata, read_metadata
from hotgate.control.judged_address import Resolve, resolved
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

_logger = logging.getLogger(__name__)

METADATA_INTERVAL = 3600.0  # seconds; providers move their addresses once in years
METADATA_PATIENCE = 3.0
RETRY_INTERVAL = 10.0  # seconds until an issuer that could not be reached is asked again
_MOST_KNOWN = 1000  # issuers


@dataclass(slots=True)
class _Known:
    """good_until: when the metadata is read again."""

    metadata: IssuerMetadata
    good_until: float


class KnownMetadata:
    """clock: monotonic seconds. patience: seconds for one reading."""

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
        self._flights: dict[DiscoveryLocation, asyncio.Task[IssuerMetadata]] = {}

    async def of(self, location: DiscoveryLocation) -> IssuerMetadata:
        """What the issuer says, or has said when it cannot be reached any more; one reading for all who ask.

        Raises FetchFailed, OSError, TimeoutError and httpx errors when nothing has ever been read.
        """
        known = self._known.get(location)
        if known is not None and self._clock() < known.good_until:
            return known.metadata
        flight = self._flights.get(location)
        if flight is None:
            flight = self._flights[location] = asyncio.create_task(self._read(location, known))
            flight.add_done_callback(lambda _: self._flights.pop(location, None))
        return await asyncio.shield(flight)

    def doubt(self, location: DiscoveryLocation) -> None:
        """What the metadata has named did not work: read it again next time."""
        if (known := self._known.get(location)) is not None:
            known.good_until = 0.0

    async def _read(self, location: DiscoveryLocation, known: _Known | None) -> IssuerMetadata:
        try:
            async with asyncio.timeout(self._patience):
                metadata = await read_metadata(self._client, self._resolve, location)
        except (FetchFailed, OSError, httpx.HTTPError) as error:
            if known is None:
                raise
            known.good_until = self._clock() + RETRY_INTERVAL
            reason = str(error) or type(error).__name__
            _logger.warning("the metadata of an issuer cannot be read, its addresses stay where they are: %s", reason)
            return known.metadata
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()  # of configurations long gone
        self._known[location] = _Known(metadata, self._clock() + METADATA_INTERVAL)
        return metadata
