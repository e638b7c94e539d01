"""Where a JWKS document comes from: an address, an issuer's metadata, a file. One attempt; `jwks` has the schedule."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from hotgate.control.discovery import Discovery
from hotgate.control.download import Document, FetchFailed, download, failure_reason
from hotgate.control.judged_address import Resolve, resolved
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation
from hotgate.identity.verification_keys.key_file import read_key_file
from hotgate.identity.verification_keys.key_set import InvalidKeySet, parse_document

TOTAL_TIMEOUT = 5.0  # seconds for everything, from the name lookup to the last byte


@dataclass(frozen=True, slots=True)
class Fetched:
    """document: a JWKS with at least one usable key. max_age: seconds to keep it, if the issuer says."""

    document: dict[str, Any]
    max_age: float | None = None


class JwksFetch:
    """Fetches what `JwtSettings.jwks_location` says with `client`, files relative to `folder`."""

    def __init__(
        self, client: httpx.AsyncClient, folder: Path, timeout: float = TOTAL_TIMEOUT, resolve: Resolve = resolved
    ) -> None:
        self._client = client
        self._folder = folder
        self._timeout = timeout
        self._discovery = Discovery(client, resolve)

    async def __call__(self, location: str) -> Fetched:
        """The document at `location`. Raises FetchFailed, within `timeout` seconds whatever the other side does."""
        try:
            async with asyncio.timeout(self._timeout):
                found = await self._found(location)
                return Fetched(parse_document(found.body), found.max_age)
        except TimeoutError:
            raise FetchFailed(f"no complete answer within {self._timeout:g} s") from None
        except InvalidKeySet as error:
            raise FetchFailed(f"not a usable key set: {error}") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise FetchFailed(failure_reason(error)) from error

    async def _found(self, location: str) -> Document:
        issuer = DiscoveryLocation.parse(location)
        if issuer is not None:
            return await self._discovery.keys(issuer)
        if location.startswith(("https://", "http://")):
            return await download(self._client, location)
        return Document(await asyncio.to_thread(read_key_file, self._folder / location), None)
