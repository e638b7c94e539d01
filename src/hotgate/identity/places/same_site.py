"""Browsers send cookies unasked, also when another site makes them ask: that must not change anything (CSRF).

The rule is that of Go's `http.CrossOriginProtection` (Go 1.25): what a browser says of the origin decides, and a
request without a word of it is none of a browser. SameSite on the cookie is up to whoever sets it.
"""

from urllib.parse import urlsplit

from hotgate.http.request import Request
from hotgate.identity.places.credential_source import CookieSource
from hotgate.identity.refusal import CredentialRefused

CROSS_SITE = "cross-site-request"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110 §9.2.1: they change nothing
_DEFAULT_PORTS = {"http": 80, "https": 443}


class SameSiteCookieSource(CookieSource):
    """A cookie that proves nothing when another site has made the browser send it."""

    def read(self, request: Request) -> bytes | None:
        """The value. Raises CredentialRefused (cross-site-request) where it must not count."""
        value = super().read(request)
        if value is not None and is_cross_site(request):
            raise CredentialRefused(CROSS_SITE, "a request that changes something, made by another site")
        return value


def is_cross_site(request: Request) -> bool:
    """Whether another site may have caused a request that can change something, or that opens a WebSocket."""
    if request.method in _SAFE_METHODS and request.headers.get(b"sec-websocket-key") is None:
        return False
    site = request.headers.get(b"sec-fetch-site")
    if site is not None and site not in (b"same-origin", b"none"):
        return True
    origins = request.headers.get_all(b"origin")
    return any(not _is_own(origin, request) for origin in origins)


def _is_own(origin: bytes, request: Request) -> bool:
    """Whether an origin has the host and port that the request is for. Its scheme is not compared: TLS may end before
    the gateway."""
    try:
        url = urlsplit(origin.decode("ascii"))
        own = urlsplit(f"//{request.authority.decode('ascii')}")
        port = _DEFAULT_PORTS.get(url.scheme)
        return url.hostname is not None and (url.hostname, url.port or port) == (own.hostname, own.port or port)
    except ValueError:
        return False
