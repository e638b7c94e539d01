"""Addresses that the gateway fetches documents from: https, or http on this machine."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from hotgate.config.notation import Notation, refused

_LONGEST = 2048  # characters
_SAYS = "must be an https:// address without user and fragment; http:// only for a loopback host"


def is_https_url(text: object) -> bool:
    """Whether this is such an address: printable ASCII, with a host, without user, fragment and port 0."""
    if not isinstance(text, str) or len(text) > _LONGEST or not (text.isascii() and text.isprintable()):
        return False
    try:
        url = urlsplit(text)
        is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback_name(url.hostname or ""))
        is_plain = bool(url.hostname) and "@" not in url.netloc and not url.fragment and url.port != 0
    except ValueError:
        return False
    return is_safe and is_plain and " " not in text


def is_loopback_name(host: str) -> bool:
    """Whether this is `localhost` or a loopback address, without asking anybody."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_metadata_address(issuer: str) -> None:
    """Raise for the address of an issuer's metadata: who writes that means the issuer, and would find nothing."""
    if "/.well-known/" in issuer:
        raise refused("issuer: leave out /.well-known/ and what follows; the metadata is found there by itself")


def _read(value: object) -> str:
    if not is_https_url(value):
        raise refused(_SAYS)
    return str(value)


HttpsUrl = Annotated[str, Notation(_read, {"type": "string", "format": "uri", "pattern": "^https?://"})]
