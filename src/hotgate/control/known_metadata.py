"""Metadata of issuers that was read already, by where it stands."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

import httpx

from hotgate.control.issuer_metadata import IssuerMetadata, read_metadata
from hotgate.control.judged_address import Resolve, resolved
from hotgate.control.kept_reading import PATIENCE, KeptReading
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

_MOST_KNOWN = 1000  # issuers


class KnownMetadata:
    """clock: monotonic seconds. patience: seconds for one reading."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        resolve: Resolve = resolved,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._client = client
        self._resolve = resolve
        self._clock = clock
        self._patience = patience
        self._readings: dict[DiscoveryLocation, KeptReading[IssuerMetadata]] = {}

    async def of(self, location: DiscoveryLocation) -> IssuerMetadata:
        """What the issuer says, or has said when it cannot be reached any more. Raises FetchFailed."""
        reading = self._readings.get(location)
        if reading is None:
            if len(self._readings) >= _MOST_KNOWN:
                del self._readings[next(iter(self._readings))]  # of a configuration long gone
            read = partial(read_metadata, self._client, self._resolve, location)
            reading = KeptReading("the metadata of an issuer", read, self._clock, self._patience)
            self._readings[location] = reading
        return await reading.value()

    def doubt(self, location: DiscoveryLocation) -> None:
        """What the metadata has named did not work: read it again next time."""
        if (reading := self._readings.get(location)) is not None:
            reading.doubt()

    async def stop(self) -> None:
        """End all background work."""
        await asyncio.gather(*(reading.stop() for reading in self._readings.values()))
