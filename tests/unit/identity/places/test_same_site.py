"""Which requests another site may have caused."""

import pytest

from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.identity.places.same_site import SameSiteCookieSource, is_cross_site
from hotgate.identity.refusal import CredentialRefused

WEBSOCKET = (b"sec-websocket-key", b"AAAAAAAAAAAAAAAAAAAAAA==")


def request(method: str, *fields: Field, authority: bytes = b"api.example.com") -> Request:
    return Request(method, "/", Headers(list(fields)), authority=authority)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
@pytest.mark.parametrize(
    "fields",
    [
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site")],  # a subdomain that somebody else may have
        [(b"sec-fetch-site", b"")],
        [(b"origin", b"https://evil.example")],
        [(b"origin", b"null")],  # a sandboxed frame, a file
        [(b"origin", b"https://api.example.com.evil.example")],
        [(b"origin", b"https://api.example.com@evil.example")],
        [(b"origin", b"https://api.example.com:8443")],
        [(b"origin", b"http://api.example.com:443")],
        [(b"origin", b"https://[")],
        [(b"origin", b"https://api.example.com:99999")],
        [(b"origin", b"\xff")],
        [(b"origin", b"")],
        [(b"origin", b"https://api.example.com"), (b"origin", b"https://evil.example")],
        [(b"sec-fetch-site", b"same-origin"), (b"origin", b"https://evil.example")],
    ],
)
def test_another_site_must_not_change_anything(method: str, fields: list[Field]) -> None:
    assert is_cross_site(request(method, *fields))


@pytest.mark.parametrize(
    "fields",
    [
        [],  # no browser
        [(b"sec-fetch-site", b"same-origin")],
        [(b"sec-fetch-site", b"none")],  # typed by the user
        [(b"origin", b"https://api.example.com")],
        [(b"origin", b"http://api.example.com")],
        [(b"origin", b"https://api.example.com:443")],
        [(b"origin", b"https://API.example.com")],
    ],
)
def test_the_own_site_and_programs_may(fields: list[Field]) -> None:
    assert not is_cross_site(request("POST", *fields))


def test_a_port_is_part_of_the_own_address() -> None:
    fields = [(b"origin", b"https://api.example.com:8443")]
    assert not is_cross_site(request("POST", *fields, authority=b"api.example.com:8443"))
    assert is_cross_site(request("POST", *fields, authority=b"api.example.com:9443"))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_no_change(method: str) -> None:
    assert not is_cross_site(request(method, (b"sec-fetch-site", b"cross-site")))


def test_a_websocket_is_more_than_reading() -> None:
    """Cross-site WebSocket hijacking: browsers send cookies with the handshake, and let any page read what comes."""
    assert is_cross_site(request("GET", WEBSOCKET, (b"origin", b"https://evil.example")))
    assert not is_cross_site(request("GET", WEBSOCKET, (b"origin", b"https://api.example.com")))


def test_only_a_cookie_that_is_there_is_refused() -> None:
    source = SameSiteCookieSource("session", "token-malformed")
    foreign = (b"origin", b"https://evil.example")
    assert source.read(request("POST", foreign)) is None
    assert source.read(request("POST", foreign, (b"cookie", b"other=1"))) is None
    assert source.read(request("POST", (b"cookie", b"session=t"))) == b"t"
    with pytest.raises(CredentialRefused) as caught:
        source.read(request("POST", foreign, (b"cookie", b"session=t")))
    assert caught.value.code == "cross-site-request"
