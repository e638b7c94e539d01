"""What issuers say of themselves, for workers that serve it."""

from typing import Any

from hotgate.control.http_client import http_client
from hotgate.control.known_metadata import KnownMetadata
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation


class IssuersMetadata:
    """Reads each at most once an hour, with the authorities of the system."""

    def __init__(self) -> None:
        self._client = http_client()
        self._known = KnownMetadata(self._client)

    async def answer(self, body: Any) -> dict[str, Any]:
        """The document of `{"issuer"}`, as it was read last. Raises FetchFailed."""
        return (await self._known.of(DiscoveryLocation(str(body["issuer"])))).document

    async def stop(self) -> None:
        """End its connections."""
        await self._known.stop()
        await self._client.aclose()
