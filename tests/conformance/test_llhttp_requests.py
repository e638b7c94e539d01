"""The request fixtures of llhttp, over a socket, whole, byte by byte and cut at every point.

What llhttp takes reaches the backend as the same message, what it refuses never does, and the way in which the bytes
arrive changes nothing. Most fixtures have no Host, which would end them before they come to what they are about: it is
added. Fixtures of lenient modes are read strictly: they may be refused, but never be read as something else.
"""

import re

import pytest

from conformance.corpora import HTTP, needs_http_corpora
from conformance.llhttp_fixtures import Fixture, fixtures
from conformance.requests_in_pieces import Outcome, outcome_however_it_arrives

pytestmark = needs_http_corpora

_FIXTURES = fixtures(HTTP / "llhttp", "request")
_headless = re.compile(
    rb"[A-Z-]+ +(?:http://(?:[^@/ ]*@)?(?P<host>[^?/ ]*))?[^\r\n]*HTTP/1\.1\r\n(?!(?:[^\r\n]+\r\n)*Host:)",
    re.IGNORECASE,
)

_NO_CONNECT = "a gateway opens no tunnels: 501"
_NOT_HTTP = "llhttp reads RTSP and ICE as well; a gateway of HTTP does not: 505 or 501"
_HOST = "`=` in its Host: RFC 3986 §3.2.2 has room for it, no host name has it"
_TWO_CODINGS = "chunked is the only transfer coding, and it is named once"
REFUSED = {
    **dict.fromkeys(("method: CONNECT request", "method: CONNECT request with CAPS"), _NO_CONNECT),
    **dict.fromkeys(("method: CONNECT with body", "uri: Underscore in hostname"), _NO_CONNECT),
    "method: M-SEARCH request": "a method of UPnP over UDP: 501",
    "method: SOURCE request": "a method of Icecast: 501",
    "method: SOURCE request with ICE": _NOT_HTTP,
    "method: OPTIONS request with RTSP": _NOT_HTTP,
    "method: ANNOUNCE request with RTSP": _NOT_HTTP,
    "sample: curl GET": _HOST,
    "sample: Firefox GET": _HOST,
    "sample: No HTTP version": "HTTP/0.9: 505",
    "transfer-encoding: POST with `chunked` as last transfer-encoding": _TWO_CODINGS,
    "transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)": _TWO_CODINGS,
    "uri: Fragment in URI": "a fragment is not sent to a server (RFC 9112 §3.2)",
    "uri: `host:port` and basic auth": "user information in the target (RFC 9110 §4.2.4)",
}
"""Valid for llhttp, but refused here, and why."""

WAITS = {
    "content-length: Content-Length reset when no body is received": (
        "llhttp is told to skip the bodies; here the second request is the beginning of the body of the first"
    ),
}
"""Neither refused nor forwarded yet: more is to come."""

CANONICAL = {
    b'/with_"lovely"_quotes?foo=\\"bar\\"': b'/with_%22lovely%22_quotes?foo=\\"bar\\"',
    b"http://hypnotoad.org?hail=all": b"/?hail=all",
    b"http://hypnotoad.org:1234?hail=all": b"/?hail=all",
    b"http://hypnotoad.org:1234": b"/",
}
"""Targets that are forwarded in another spelling (docs/architecture.md: one spelling of every target)."""


def with_host(data: bytes) -> bytes:
    """Every HTTP/1.1 head with a Host."""
    return _headless.sub(lambda head: b"%bHost: %b\r\n" % (head[0], head["host"] or b"a.example"), data)


def expected(fixture: Fixture) -> list[tuple[bytes, bytes]]:
    """(start line, body) of the whole messages."""
    return [
        (b"%b %b HTTP/1.1" % (message.method.encode(), _canonical(message.target)), message.body)
        for message in fixture.messages
        if message.is_complete
    ]


def _canonical(target: str) -> bytes:
    sent = target.encode("latin-1", "replace")
    return CANONICAL.get(sent, sent)


def check(fixture: Fixture, outcome: Outcome) -> None:
    reached = [(request[0], request[2]) for request in outcome.reached]
    wanted = [] if fixture.name in WAITS else expected(fixture)
    if fixture.name in REFUSED or fixture.is_lenient:
        assert reached == wanted[: len(reached)]
    else:
        assert reached == wanted
    if fixture.is_error or fixture.name in REFUSED:
        assert outcome.is_closed
        assert outcome.answers
    assert all(status >= 400 for status, _ in outcome.answers[len(reached) :])


@pytest.mark.parametrize("fixture", _FIXTURES, ids=lambda fixture: fixture.name)
def test_requests(fixture: Fixture) -> None:
    check(fixture, outcome_however_it_arrives(with_host(fixture.data)))
