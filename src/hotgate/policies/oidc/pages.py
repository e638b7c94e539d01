"""The few pages that the gateway shows to people: small, without script, not to be framed, nothing from outside."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import NamedTuple

from hotgate.http.headers import Field, Headers
from hotgate.http.response import Response

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#1b1b1f;"
    "background:#fff}h1{font-size:1.4rem}a{color:#0b57d0}ul{list-style:none;padding:0}"
    "li a{display:block;margin:.5rem 0;padding:.75rem 1rem;border:1px solid #74777f;border-radius:.5rem;"
    "text-decoration:none}a:focus-visible{outline:3px solid #0b57d0}small{color:#5c5f66}"
    "@media(prefers-color-scheme:dark){body{color:#e3e2e6;background:#1b1b1f}a{color:#a8c7fa}small{color:#c4c6d0}}"
)
_STYLE_DIGEST = b64encode(sha256(_STYLE.encode()).digest())

PAGE_FIELDS: tuple[Field, ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'sha256-%b'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        % _STYLE_DIGEST,
    ),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


class Link(NamedTuple):
    """target: a path of this host."""

    text: str
    target: str


def page(
    status: int,
    title: str,
    text: str,
    links: Iterable[Link] = (),
    *,
    code: str = "",
    request_id: str = "",
    refresh: str = "",
    log_detail: str = "",
) -> Response:
    """A page. Every text is escaped. code: for logs. refresh: a path that the browser goes to by itself."""
    items = "".join(f'<li><a href="{escape(link.target)}">{escape(link.text)}</a></li>' for link in links)
    onward = f'<meta http-equiv="refresh" content="0; url={escape(refresh)}">' if refresh else ""
    footer = f"<p><small>Request {escape(request_id)}</small></p>" if request_id else ""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">{onward}'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>"
        f"<p>{escape(text)}</p>{f'<ul>{items}</ul>' if items else ''}{footer}</main></body></html>"
    )
    response = Response(status, Headers(list(PAGE_FIELDS)), html.encode())
    response.code = code
    response.log_detail = log_detail
    return response
