"""One bounded download: a small document, in a few seconds, from exactly the place that was asked for."""

import re
import ssl
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

MAX_BYTES = 256 * 1024
CONNECT_TIMEOUT = 1.4  # seconds for one address: where it is silent, another may answer; a lost packet costs one

_NO_COOKIES = CookieJar(DefaultCookiePolicy(allowed_domains=()))
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?([0-9]{1,9})\"?\s*(?:,|$)", re.IGNORECASE)  # RFC 9111 §5.2.2.1
_ACCEPT = "application/jwk-set+json, application/json"


class FetchFailed(Exception):
    """No document this time; the message is fit for the admin API."""


class NotThere(FetchFailed):
    """The other side has no such document (4xx): it may stand elsewhere."""


@dataclass(frozen=True, slots=True)
class Document:
    """body: the bytes. max_age: seconds to keep it, if the other side says."""

    body: bytes
    max_age: float | None


def private_client(
    verify: ssl.SSLContext | bool, transport: httpx.AsyncBaseTransport | None = None, **options: Any
) -> httpx.AsyncClient:
    """Without a proxy of the environment, which would see what only the server may see, and without cookies: what a
    server says of one caller must not come along with the next one's call. options: of httpx.
    """
    return httpx.AsyncClient(verify=verify, trust_env=False, cookies=_NO_COOKIES, transport=transport, **options)


def download_client(
    verify: ssl.SSLContext | bool = True, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """For whoever goes to a chosen address. No connection is used twice: a pool tells them apart by address, and
    another host there (a CDN has many) has not proved its name on it.
    """
    limits = httpx.Limits(max_keepalive_connections=0)
    return private_client(verify, transport, limits=limits, timeout=httpx.Timeout(5.0, connect=CONNECT_TIMEOUT))


async def download(client: httpx.AsyncClient, url: str, address: str | None = None) -> Document:
    """The document at `url`. address: connect there instead of looking the host up, which is what TLS still checks.

    Raises FetchFailed, httpx.HTTPError, httpx.InvalidURL. The caller limits the time.
    """
    target = httpx.URL(url)
    fields = {"accept": _ACCEPT, "accept-encoding": "identity", "host": target.netloc.decode("ascii")}
    extensions = {} if address is None else {"sni_hostname": target.host}
    if address is not None:
        target = target.copy_with(host=address)
    # A redirect could lead to another scheme or into a private network; a compressed answer could be a bomb.
    request = client.build_request("GET", target, headers=fields, extensions=extensions)
    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        return await _read(response)
    finally:
        await response.aclose()


async def bounded_body(response: httpx.Response) -> bytes:
    """All of it, uncompressed. Raises FetchFailed for one that is compressed or longer than MAX_BYTES."""
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise FetchFailed("the answer is compressed although it must not be")
    body = bytearray()
    async for chunk in response.aiter_raw(16 * 1024):
        body += chunk
        if len(body) > MAX_BYTES:
            raise FetchFailed(f"more than {MAX_BYTES} bytes")
    return bytes(body)


async def _read(response: httpx.Response) -> Document:
    if response.status_code != 200:
        kind = NotThere if response.is_client_error else FetchFailed
        raise kind(f"status {response.status_code} instead of 200")
    body = await bounded_body(response)
    found = _MAX_AGE.search(response.headers.get("cache-control", ""))
    return Document(body, None if found is None else float(found[1]))
