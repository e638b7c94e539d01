"""Finds an issuer's keys through its metadata, and believes nothing else of it: the algorithms that are accepted stand
in the configuration.
"""

import time
from collections.abc import Callable
from functools import partial

import httpx

from hotgate.control.download import Document, download
from hotgate.control.judged_address import Resolve, at_judged_address, resolved
from hotgate.control.kept_reading import PATIENCE
from hotgate.control.known_metadata import KnownMetadata
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation


class Discovery:
    """clock: monotonic seconds. patience: seconds for metadata, so that some are left for the keys when they are where
    they were."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        resolve: Resolve = resolved,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._client = client
        self._resolve = resolve
        self._metadata = KnownMetadata(client, resolve, clock, patience)

    async def keys(self, location: DiscoveryLocation) -> Document:
        """The document with the keys. Raises FetchFailed, OSError and httpx errors; the caller limits the time."""
        metadata = await self._metadata.of(location)
        is_there = False
        try:
            place = metadata.place("jwks_uri")
            document, _ = await at_judged_address(place, self._resolve, partial(download, self._client))
            is_there = True
            return document
        finally:
            if not is_there:
                self._metadata.doubt(location)  # the keys may have moved
