"""The token endpoint of one authorization server, called as one client."""

import asyncio
import time
from collections.abc import Callable, Mapping

import httpx

from hotgate.config.token_credentials import TokenRequest
from hotgate.control.download import FetchFailed, failure_reason
from hotgate.control.issuer_metadata import read_metadata
from hotgate.control.judged_address import Place, Resolve, resolved
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.control.oauth.endpoint_call import EndpointCaller
from hotgate.control.oauth.issued_token import IssuedToken, issued_token
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

METADATA_INTERVAL = 3600.0  # seconds; servers move their endpoints once in years
METADATA_PATIENCE = 3.0  # seconds for the metadata


class TokenEndpoint:
    """Finds it by the metadata where only the issuer is given. Raises ValueError for keys that cannot be used.

    clock: monotonic seconds. transport: for tests.
    """

    def __init__(
        self,
        settings: TokenRequest,
        *,
        resolve: Resolve = resolved,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        client = ClientAuthentication(settings.client)
        self._caller = EndpointCaller(client, settings.server, resolve=resolve, transport=transport)
        self._metadata = httpx.AsyncClient(verify=client.tls(), trust_env=False, transport=transport)
        self._issuer = settings.issuer
        self._resolve = resolve
        self._clock = clock
        self._place = Place(settings.token_url or "")
        self._known_until = 0.0 if settings.issuer else float("inf")

    async def token(self, form: Mapping[str, str]) -> IssuedToken:
        """What the endpoint issues. Raises TokenRefused and FetchFailed, in bounded time."""
        if self._clock() >= self._known_until:
            await self._find()
        return issued_token(await self._caller.post(self._place, form))

    async def close(self) -> None:
        """End its connections."""
        await self._caller.close()
        await self._metadata.aclose()

    async def _find(self) -> None:
        """Metadata that cannot be read any more leaves the endpoint where it was."""
        try:
            async with asyncio.timeout(METADATA_PATIENCE):
                metadata = await read_metadata(self._metadata, self._resolve, DiscoveryLocation(self._issuer or ""))
            self._place = metadata.place("token_endpoint")
        except (FetchFailed, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            if not self._place.url:
                raise FetchFailed(f"the issuer's metadata cannot be read: {failure_reason(error)}") from None
        self._known_until = self._clock() + METADATA_INTERVAL
