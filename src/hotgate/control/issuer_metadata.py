"""The metadata of an issuer (OpenID Connect Discovery 1.0, RFC 8414), which is believed very little.

The operator names the issuer, so the gateway goes wherever that is. The metadata names other addresses, and that is
only somebody's word: they must be https and must not lead further inside than the issuer stands itself.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from hotgate.config.https_url import is_https_url
from hotgate.control.address_zone import Zone
from hotgate.control.download import Document, FetchFailed, NotThere, download
from hotgate.control.judged_address import Place, Resolve, at_judged_address
from hotgate.identity import strict_json
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation


@dataclass(frozen=True, slots=True)
class IssuerMetadata:
    """document: the members, unchecked but for `issuer`. zone: where it came from."""

    document: dict[str, Any]
    zone: Zone

    def place(self, member: str, *, mutual_tls: bool = False) -> Place:
        """The address under a member such as `token_endpoint`. Raises FetchFailed.

        mutual_tls: whether the caller shows a certificate, for which a server may have other addresses (RFC 8705 §5).
        """
        aliases = self.document.get("mtls_endpoint_aliases") if mutual_tls else None
        url = self.document.get(member)
        if isinstance(aliases, dict) and member in aliases:
            url = aliases[member]
        if not is_https_url(url):
            raise FetchFailed(f"the metadata has no https address under `{member}`")
        return Place(str(url), self.zone)


async def read_metadata(client: httpx.AsyncClient, resolve: Resolve, location: DiscoveryLocation) -> IssuerMetadata:
    """What stands at the first of the usual places that has it. Raises FetchFailed, OSError and httpx errors."""
    *others, last = location.candidates()
    for url in others:
        try:
            return _checked(location.issuer, *await _downloaded(client, resolve, url))
        except NotThere:
            continue
    return _checked(location.issuer, *await _downloaded(client, resolve, last))


async def _downloaded(client: httpx.AsyncClient, resolve: Resolve, url: str) -> tuple[Document, Zone]:
    return await at_judged_address(Place(url), resolve, partial(download, client))


def _named(issuer: object) -> str:
    """Mostly it is the same with a slash more or less, which nobody finds who is not told."""
    return f": it says {issuer}" if is_https_url(issuer) and "?" not in str(issuer) else ""


def _checked(issuer: str, document: Document, zone: Zone) -> IssuerMetadata:
    try:
        metadata = strict_json.parse_object(document.body)
    except ValueError:
        raise FetchFailed("the metadata is not a JSON object") from None
    if metadata.get("issuer") != issuer:  # RFC 8414 §3.3: identical, or it is somebody else's (mix-up)
        raise FetchFailed(f"the metadata is of another issuer{_named(metadata.get('issuer'))}")
    return IssuerMetadata(metadata, zone)
