"""Finds an issuer's keys through its metadata, and believes nothing else of it: the algorithms that are accepted stand
in the configuration.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import httpx

from hotgate.control.download import Document, FetchFailed, download
from hotgate.control.issuer_metadata import read_metadata
from hotgate.control.judged_address import Place, Resolve, at_judged_address, resolved
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

_logger = logging.getLogger(__name__)

METADATA_INTERVAL = 3600.0  # seconds; providers move their keys' address once in years
METADATA_PATIENCE = 3.0
_MOST_KNOWN = 1000  # issuers


@dataclass(slots=True)
class _Known:
    """keys: where they are. good_until: when the metadata is read again."""

    keys: Place
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
        document, _ = await at_judged_address(known.keys, self._resolve, partial(download, self._client))
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
        metadata = await read_metadata(self._client, self._resolve, location)
        return _Known(metadata.place("jwks_uri"), 0.0)
