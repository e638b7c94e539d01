"""One call to an endpoint of an authorization server: a form is sent as the client, a small answer comes back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from hotgate.control.download import FetchFailed, bounded_body, failure_reason
from hotgate.control.http_client import ConnectionsByName, http_client
from hotgate.control.issuer_metadata import IssuerMetadata, read_metadata
from hotgate.control.judged_address import Place, Resolve, at_judged_address, resolved
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

TOTAL_TIMEOUT = 5.0  # seconds for everything, from the name lookup to the last byte


@dataclass(frozen=True, slots=True)
class Answer:
    """status: any. media_type: in lower case, without parameters. body: may hold tokens, so nothing shows it."""

    status: int
    media_type: str
    body: bytes = field(repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


class EndpointCaller:
    """The gateway as one client of one authorization server. Make one per configured client, and `close` it.

    issuer: whom assertions of the client are for. timeout: seconds. Raises ValueError for keys that cannot be used.
    """

    def __init__(
        self,
        client: ClientAuthentication,
        issuer: str,
        *,
        timeout: float = TOTAL_TIMEOUT,
        resolve: Resolve = resolved,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = client
        self._issuer = issuer
        self._timeout = timeout
        self._resolve = resolve
        self._http = http_client(transport=transport or ConnectionsByName(client.tls()))

    async def post(self, place: Place, form: Mapping[str, str], accept: str = "application/json") -> Answer:
        """What the endpoint says. Raises FetchFailed, within `timeout` seconds whatever the other side does."""
        credentials = self._client.credentials(self._issuer)
        fields = {"accept": accept, **credentials.fields}
        return await self._called("POST", place, fields, {**form, **credentials.form})

    async def get(self, place: Place, bearer: str, accept: str = "application/json") -> Answer:
        """The same, for a user whose access token is `bearer` (RFC 6750 §2.1), instead of as the client."""
        return await self._called("GET", place, {"accept": accept, "authorization": f"Bearer {bearer}"}, None)

    async def metadata(self, location: DiscoveryLocation) -> IssuerMetadata:
        """What the server says of itself, to whom its endpoints believe. Raises as `read_metadata`."""
        return await read_metadata(self._http, self._resolve, location)

    async def close(self) -> None:
        """End its connections."""
        await self._http.aclose()

    async def _called(
        self, method: str, place: Place, fields: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        try:
            async with asyncio.timeout(self._timeout):
                answer, _ = await at_judged_address(
                    place, self._resolve, lambda url, address: self._sent(method, url, address, fields, form)
                )
                return answer
        except TimeoutError:
            raise FetchFailed(f"no complete answer within {self._timeout:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise FetchFailed(failure_reason(error)) from None

    async def _sent(
        self, method: str, url: str, address: str, fields: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        target = httpx.URL(url)
        request = self._http.build_request(
            method,
            target.copy_with(host=address),
            data=form,
            headers={"accept-encoding": "identity", "host": target.netloc.decode("ascii"), **fields},
            extensions={"sni_hostname": target.host},
        )
        response = await self._http.send(request, stream=True, follow_redirects=False)
        try:
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Answer(response.status_code, media_type, await bounded_body(response), dict(response.headers))
        finally:
            await response.aclose()
