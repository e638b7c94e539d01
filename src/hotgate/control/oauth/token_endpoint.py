"""The token endpoint of one authorization server, called as one client."""

import time
from collections.abc import Callable, Mapping

import httpx

from hotgate.config.token_credentials import TokenRequest
from hotgate.control.judged_address import Place, Resolve, resolved
from hotgate.control.kept_reading import KeptReading
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.control.oauth.endpoint_call import EndpointCaller
from hotgate.control.oauth.issued_token import IssuedToken, issued_token
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation


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
        self._settings = settings
        self._found = KeptReading("the metadata of the issuer", self._find, clock)

    async def token(self, form: Mapping[str, str]) -> IssuedToken:
        """What the endpoint issues. Raises TokenRefused and FetchFailed, in bounded time."""
        given = self._settings.token_url
        place = await self._found.at_once() if given is None else Place(given)
        return issued_token(await self._caller.post(place, form))

    async def close(self) -> None:
        """End its connections."""
        await self._found.stop()
        await self._caller.close()

    async def _find(self) -> Place:
        metadata = await self._caller.metadata(DiscoveryLocation(self._settings.issuer or ""))
        return metadata.place("token_endpoint", mutual_tls=self._settings.client.uses_mutual_tls)
