"""One bounded download: a small document, in a few seconds, from exactly the place that was asked for."""

import re
from dataclasses import dataclass

import httpx

MAX_BYTES = 256 * 1024

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


def failure_reason(error: Exception) -> str:
    """What went wrong with a call: never its address (it may hold a password), its content, or that of a file."""
    if isinstance(error, FetchFailed):
        return str(error)
    cause: BaseException | None = error
    while cause is not None:  # the client wraps what the system says
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


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
