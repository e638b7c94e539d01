"""What issuers say of themselves, for workers that serve it and for desks that call them."""

from typing import Any

from hotgate.control.download import download_client
from hotgate.control.known_metadata import KnownMetadata
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation


class IssuersMetadata:
    """known: what was read."""

    def __init__(self) -> None:
        self._client = download_client()
        self.known = KnownMetadata(self._client)

    async def answer(self, body: Any) -> dict[str, Any]:
        """The document of `{"issuer"}`, as it was read last. Raises FetchFailed, OSError and httpx errors."""
        return (await self.known.of(DiscoveryLocation(str(body["issuer"])))).document

    async def stop(self) -> None:
        """End its connections."""
        await self._client.aclose()
