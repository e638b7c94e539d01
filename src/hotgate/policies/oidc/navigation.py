"""Who makes a request: somebody who looks at a browser, and can log in, or a program, which needs an answer."""

from hotgate.config.https_url import is_loopback_name
from hotgate.http.request import Request

_READ = frozenset({"GET", "HEAD"})
_PROGRAM_FIELDS = frozenset({b"authorization", b"sec-websocket-key"})


def is_navigation(request: Request) -> bool:
    """Whether a browser loads a page with it, in a window of its own.

    Fetch metadata says so, and no script can forge it; where it is absent (older browsers, plain HTTP), what is
    accepted. A page that is loaded in advance asks nobody to log in, and one in a frame could not: providers forbid it.
    """
    headers = request.headers
    if request.method not in _READ or any(name in _PROGRAM_FIELDS for name, _ in headers.fields):
        return False
    if (headers.get(b"x-requested-with") or b"").lower() == b"xmlhttprequest":
        return False
    if b"prefetch" in (headers.get(b"sec-purpose") or headers.get(b"purpose") or b""):
        return False
    mode = headers.get(b"sec-fetch-mode")
    if mode is not None:
        return mode == b"navigate" and is_own_window(request)
    return b"text/html" in (headers.get(b"accept") or b"").lower()


def is_own_window(request: Request) -> bool:
    """Whether the answer is shown in a window or tab of its own, as far as the browser says."""
    return request.headers.get(b"sec-fetch-dest") in (None, b"document")


def origin_of(request: Request) -> str | None:
    """Scheme and authority that the browser used; None without TLS, where `__Host-` cookies would be lost, or Host.

    Browsers take a loopback host for as safe as TLS ("potentially trustworthy", W3C Secure Contexts §3.1).
    """
    host = request.host.strip("[]")
    if not host or (request.scheme != "https" and not is_loopback_name(host)):
        return None
    return f"{request.scheme}://{request.authority.decode('ascii')}"
