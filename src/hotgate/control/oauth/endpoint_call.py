"""One call to an endpoint of an authorization server: a form is sent as the client, a small answer comes back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from hotgate.control.download import CONNECT_TIMEOUT, FetchFailed, bounded_body, private_client
from hotgate.control.judged_address import Place, Resolve, at_judged_address, resolved
from hotgate.control.oauth.client_authentication import ClientAuthentication

TOTAL_TIMEOUT = 5.0  # seconds for everything, from the name lookup to the last byte
# Many servers hang up on idle connections after five seconds: a call must not go where that is happening.
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=3.0)
_MOST_HOSTS = 8  # of one server; metadata may name another host for each endpoint


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
        self._tls = client.tls()
        self._transport = transport
        self._by_host: dict[str, httpx.AsyncClient] = {}

    async def post(self, place: Place, form: Mapping[str, str], accept: str = "application/json") -> Answer:
        """What the endpoint says. Raises FetchFailed, within `timeout` seconds whatever the other side does."""
        credentials = self._client.credentials(self._issuer)
        fields = {"accept": accept, **credentials.fields}
        return await self._called("POST", place, fields, {**form, **credentials.form})

    async def get(self, place: Place, bearer: str, accept: str = "application/json") -> Answer:
        """The same, for a user whose access token is `bearer` (RFC 6750 §2.1), instead of as the client."""
        return await self._called("GET", place, {"accept": accept, "authorization": f"Bearer {bearer}"}, None)

    async def close(self) -> None:
        """End its connections."""
        for each in self._by_host.values():
            await each.aclose()

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
            # The error of a call may quote its address, never its form; its kind says enough.
            raise FetchFailed(type(error).__name__) from None

    async def _sent(
        self, method: str, url: str, address: str, fields: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        target = httpx.URL(url)
        http = await self._connections_to(target.host)
        request = http.build_request(
            method,
            target.copy_with(host=address),
            data=form,
            headers={"accept-encoding": "identity", "host": target.netloc.decode("ascii"), **fields},
            extensions={"sni_hostname": target.host},
        )
        response = await http.send(request, stream=True, follow_redirects=False)
        try:
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Answer(response.status_code, media_type, await bounded_body(response), dict(response.headers))
        finally:
            await response.aclose()

    async def _connections_to(self, host: str) -> httpx.AsyncClient:
        """A pool of its own for each host: a pool tells connections apart by address, and where two hosts share one (a
        CDN), what is for one must not go where only the other has proved its name.
        """
        known = self._by_host.get(host)
        if known is None:
            timeout = httpx.Timeout(self._timeout, connect=CONNECT_TIMEOUT)
            known = private_client(self._tls, self._transport, timeout=timeout, limits=_LIMITS)
            self._by_host[host] = known
            if len(self._by_host) > _MOST_HOSTS:
                await self._by_host.pop(next(iter(self._by_host))).aclose()
        return known
