"""Where a JWKS document comes from: an HTTPS address, or a file. One attempt; the schedule is in `jwks`."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from hotgate.identity.key_set import MAX_DOCUMENT_BYTES, InvalidKeySet, parse_document

TOTAL_TIMEOUT = 5.0  # seconds for everything, from the name lookup to the last byte

_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?([0-9]{1,9})\"?\s*(?:,|$)", re.IGNORECASE)  # RFC 9111 §5.2.2.1


class FetchFailed(Exception):
    """No document this time; the message is fit for the admin API."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """document: a JWKS with at least one usable key. max_age: seconds to keep it, if the issuer says."""

    document: dict[str, Any]
    max_age: float | None = None


class JwksFetch:
    """Fetches from `http(s)://…` with `client`, and everything else from files relative to `folder`."""

    def __init__(self, client: httpx.AsyncClient, folder: Path, timeout: float = TOTAL_TIMEOUT) -> None:
        self._client = client
        self._folder = folder
        self._timeout = timeout

    async def __call__(self, location: str) -> Fetched:
        """The document at `location`. Raises FetchFailed, within `timeout` seconds whatever the other side does."""
        try:
            async with asyncio.timeout(self._timeout):
                if location.startswith(("https://", "http://")):
                    return await self._download(location)
                return Fetched(parse_document(await asyncio.to_thread(_read, self._folder / location)))
        except TimeoutError:
            raise FetchFailed(f"no complete answer within {self._timeout:g} s") from None
        except InvalidKeySet as error:
            raise FetchFailed(f"not a usable key set: {error}") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise FetchFailed(_reason(error)) from error

    async def _download(self, url: str) -> Fetched:
        # A redirect could lead to another scheme or into a private network; a compressed answer could be a bomb.
        fields = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}
        async with self._client.stream("GET", url, headers=fields, follow_redirects=False) as response:
            if response.status_code != 200:
                raise FetchFailed(f"status {response.status_code} instead of 200")
            if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
                raise FetchFailed("the answer is compressed although it must not be")
            return Fetched(parse_document(await _bounded_body(response)), _max_age(response))


async def _bounded_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw(16 * 1024):
        body += chunk
        if len(body) > MAX_DOCUMENT_BYTES:
            raise FetchFailed(f"more than {MAX_DOCUMENT_BYTES} bytes")
    return bytes(body)


def _max_age(response: httpx.Response) -> float | None:
    found = _MAX_AGE.search(response.headers.get("cache-control", ""))
    return None if found is None else float(found[1])


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_DOCUMENT_BYTES + 1)


def _reason(error: Exception) -> str:
    """What went wrong, without the address (it may hold a password) and without file contents."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
