"""Every place of a credential: read once, refused twice, and gone before the backend sees the request."""

from base64 import b64encode

import pytest

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity.places.credential_source import (
    BasicSource,
    BearerSource,
    CookieSource,
    CredentialSource,
    HeaderSource,
    QuerySource,
    SubprotocolSource,
)
from hotgate.identity.refusal import CredentialRefused


def request(*fields: tuple[bytes, bytes], query: bytes = b"") -> Request:
    return Request("GET", "/", Headers(list(fields)), query=query)


def basic(text: bytes) -> tuple[bytes, bytes]:
    return (b"authorization", b"Basic " + b64encode(text))


@pytest.mark.parametrize(
    ("source", "asked", "credential", "left"),
    [
        (HeaderSource(b"x-key", "key-unknown"), request((b"x-key", b"k"), (b"a", b"1")), b"k", [(b"a", b"1")]),
        (BearerSource(), request((b"authorization", b"bearer t")), b"t", []),
        (BearerSource(), request((b"authorization", b"Basic dTpw")), None, None),
        (BasicSource("key-unknown"), request(basic(b"k:")), b"k", []),
        (BasicSource("key-unknown"), request(basic(b":k")), b"k", []),
        (BasicSource("key-unknown"), request((b"authorization", b"Bearer t")), None, None),
        (CookieSource("t", "x"), request((b"cookie", b"a=1; t=k; b=2")), b"k", [(b"cookie", b"a=1; b=2")]),
        (CookieSource("t", "x"), request((b"cookie", b"t=k")), b"k", []),
        (CookieSource("t", "x"), request((b"cookie", b"tt=k; T=k")), None, None),
        (
            SubprotocolSource("token.", "x"),
            request((b"sec-websocket-protocol", b"chat, token.k")),
            b"k",
            [(b"sec-websocket-protocol", b"chat")],
        ),
        (SubprotocolSource("token.", "x"), request((b"sec-websocket-protocol", b"token.k")), b"k", []),
        (SubprotocolSource("token.", "x"), request((b"sec-websocket-protocol", b"chat")), None, None),
    ],
)
def test_a_field_is_read_and_taken_out(
    source: CredentialSource, asked: Request, credential: bytes | None, left: list[tuple[bytes, bytes]] | None
) -> None:
    assert source.read(asked) == credential
    if left is not None:
        source.strip(asked)
        assert asked.headers.fields == left


@pytest.mark.parametrize(
    ("spelling", "read"),
    [(b"\tt", b"k"), (b"t\t", b"k"), (b" \tt ", b"k"), (b'"t"', None), (b"\xa0t", None), (b"\xc2\xa0t", None)],
)
def test_a_cookie_is_taken_out_however_its_name_is_padded(spelling: bytes, read: bytes | None) -> None:
    """Node.js and Python trim all of this: the backend would take a cookie that we have not seen. Browsers trim white
    space only: for them `"__Host-t"` is a name that every neighbour may set, so it must not be read as `__Host-t`."""
    asked = request((b"cookie", b"a=1;" + spelling + b"=k\t;b=2"))
    source = CookieSource("t", "token-malformed")
    assert source.read(asked) == read
    source.strip(asked)
    assert asked.headers.fields == [(b"cookie", b"a=1;b=2")]


@pytest.mark.parametrize("spelling", [b"api_key", b"%61pi_key", b"api%5Fkey"])
def test_a_parameter_is_read_and_taken_out_in_whatever_spelling(spelling: bytes) -> None:
    asked = request(query=b"a=1&" + spelling + b"=k%2B1&b=2")
    source = QuerySource("api_key", "key-unknown")
    assert source.read(asked) == b"k+1"
    source.strip(asked)
    assert asked.query == b"a=1&b=2"


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        (HeaderSource(b"x-key", "c"), request((b"x-key", b"k"), (b"x-key", b"k"))),
        (BasicSource("c"), request(basic(b"k:"), basic(b"k:"))),
        (BasicSource("c"), request((b"authorization", b"Basic %%%"))),
        (BasicSource("c"), request(basic(b"no colon"))),
        (BasicSource("c"), request(basic(b"user:password"))),
        (BasicSource("c"), request(basic(b":"))),
        (QuerySource("k", "c"), request(query=b"k=1&%6b=2")),
        (CookieSource("k", "c"), request((b"cookie", b"k=1; k=2"))),
        (CookieSource("k", "c"), request((b"cookie", b"k=1"), (b"cookie", b"k=2"))),
        (SubprotocolSource("t.", "c"), request((b"sec-websocket-protocol", b"t.1, t.2"))),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(source: CredentialSource, asked: Request) -> None:
    with pytest.raises(CredentialRefused) as refused:
        source.read(asked)
    assert refused.value.code == "c"
