"""HTTP clients for calls to servers that are none of ours: what one call has learned is nothing to any other.

A connection is used again for the name alone whose certificate it has shown. The clients are told to connect to judged
addresses, and their library would use a connection again for any name at the same address: whoever has one name there
and forges the answers of DNS could speak for all of them.
"""

import ssl
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from hotgate.upstream.client_tls import client_context

MOST_NAMES = 8  # that one server has for its endpoints; the oldest goes, with its connections

# Seconds for one address: where it is silent, another may answer; a packet that is lost costs one second.
CONNECT_TIMEOUT = 1.4

_ONCE = httpx.Limits(max_keepalive_connections=0)
# Many servers hang up on idle connections after five seconds: a call must not go where that is happening.
_KEPT = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=3.0)


@cache
def system_trust() -> ssl.SSLContext:
    """One for all clients: to read the system's authorities takes 20 ms. It keeps nothing of any connection."""
    return client_context()


class ConnectionsByName(httpx.AsyncBaseTransport):
    """Connections that are kept, apart for each name that TLS has verified. tls: how it does."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._by_name: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As of any transport. The name is that of `sni_hostname`, or else of the address."""
        name = str(request.extensions.get("sni_hostname", request.url.host))
        transport = self._by_name.get(name)
        if transport is None:
            oldest = [] if len(self._by_name) < MOST_NAMES else [self._by_name.pop(next(iter(self._by_name)))]
            transport = self._by_name[name] = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False, limits=_KEPT)
            for each in oldest:
                await each.aclose()
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        """End all connections."""
        while self._by_name:
            _, transport = self._by_name.popitem()
            await transport.aclose()


def http_client(
    tls: ssl.SSLContext | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """A client that keeps no cookie: what one user's call was given must not come with another's.

    tls: whom to believe and who we are; None: the system's authorities, as for upstreams, for companies have some of
    their own. transport: in place of connections that are used once. There is no proxy of the environment: it would see
    what only the server may see.
    """
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    verify = system_trust() if tls is None else tls
    timeout = httpx.Timeout(5.0, connect=CONNECT_TIMEOUT)
    return httpx.AsyncClient(
        verify=verify, cookies=cookies, limits=_ONCE, timeout=timeout, transport=transport, trust_env=False
    )
