"""`htu` in all its spellings (RFC 3986 §6.2.2, §6.2.3)."""

import pytest

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity.dpop.target_uri import TargetUri


def request(path: str = "/a/b", authority: bytes = b"api.example.com", scheme: str = "https") -> Request:
    return Request("GET", path, Headers([]), authority.decode(), authority, b"x=1", scheme)


@pytest.mark.parametrize(
    "htu",
    [
        "https://api.example.com/a/b",
        "HTTPS://API.Example.COM/a/b",
        "https://api.example.com:443/a/b",
        "https://api.example.com./a/b",
        "https://api.example.com/%61/b",
        "https://api.example.com/a/./c/../b",
        "https://api.example.com//a/b",
        "https://api.example.com/a/b?x=1",
        "https://api.example.com/a/b?other#fragment?",
        "https://api.example.com/a/b#fragment",
    ],
)
def test_equal_spellings(htu: str) -> None:
    assert TargetUri().is_named_by(htu, request())


@pytest.mark.parametrize(
    "htu",
    [
        "",
        "/a/b",
        "api.example.com/a/b",
        "//api.example.com/a/b",
        "http://api.example.com/a/b",
        "http://api.example.com:443/a/b",
        "wss://api.example.com/a/b",
        "https://api.example.com:8443/a/b",
        "https://api.example.com:99999/a/b",
        "https://api.example.com:/a/b",
        "https://evil.example/a/b",
        "https://api.example.com.evil.example/a/b",
        "https://api.example.com@evil.example/a/b",
        "https://evil.example@api.example.com/a/b",
        "https://evil.example#@api.example.com/a/b",
        "https://evil.example?@api.example.com/a/b",
        "https://evil.example\\@api.example.com/a/b",
        "https:///a/b",
        "https://api.example.com",
        "https://api.example.com/a",
        "https://api.example.com/a/b/",
        "https://api.example.com/A/b",
        "https://api.example.com/a%2Fb",
        "https://api.example.com/a/b%3Fx",
        "https://api.example.com/a/b;v=1",
        "https://api.example.com/a/..%2F..",
        "https://api.example.com/../a/b",
        "https://api.example.com/a/b%",
        "https://api.example.com/a/b%00",
        "https://api.example.com/a /b",
        "https://api.example.com/ä",
        "https://\u0430pi.example.com/a/b",
        " https://api.example.com/a/b",
    ],
)
def test_other_addresses(htu: str) -> None:
    assert not TargetUri().is_named_by(htu, request())


def test_an_escaped_slash_is_part_of_a_segment() -> None:
    assert TargetUri().is_named_by("https://api.example.com/a%2fb", request("/a%2Fb"))
    assert not TargetUri().is_named_by("https://api.example.com/a/b", request("/a%2Fb"))


def test_the_root_may_be_left_out() -> None:
    assert TargetUri().is_named_by("https://api.example.com", request("/"))


@pytest.mark.parametrize(
    ("authority", "scheme", "htu"),
    [
        (b"api.example.com:443", "https", "https://api.example.com/a/b"),
        (b"api.example.com:8443", "https", "https://api.example.com:8443/a/b"),
        (b"api.example.com:80", "http", "http://api.example.com/a/b"),
        (b"[2001:DB8::0:1]:8443", "https", "https://[2001:db8::1]:8443/a/b"),
        (b"[2001:db8::1]", "https", "https://[2001:db8::1]:443/a/b"),
    ],
)
def test_the_origin_that_a_request_names(authority: bytes, scheme: str, htu: str) -> None:
    assert TargetUri().is_named_by(htu, request(authority=authority, scheme=scheme))


def test_a_request_without_a_host_has_no_address() -> None:
    assert not TargetUri().is_named_by("https:///a/b", request(authority=b""))
    assert not TargetUri().is_named_by("https://api.example.com/a/b", request(authority=b""))


def test_configured_origins_stand_for_what_the_request_says() -> None:
    """Behind a proxy that ends TLS or has another name; a client's `Host` then counts for nothing."""
    target = TargetUri(["https://api.example.com", "http://[::1]:8080"])
    inner = request(authority=b"evil.example", scheme="http")
    assert target.is_named_by("https://api.example.com:443/a/b", inner)
    assert target.is_named_by("http://[::1]:8080/a/b", inner)
    assert not target.is_named_by("http://evil.example/a/b", inner)
    assert not target.is_named_by("https://api.example.com/other", inner)


def test_what_is_remembered_of_addresses_is_bounded() -> None:
    target = TargetUri()
    for number in range(5000):
        target.is_named_by(f"https://api.example.com/{number}", request())
    target.is_named_by("https://api.example.com/" + "x" * 2000, request())
    assert len(target._normal) <= 4096
    assert not any(len(known) > 1024 for known in target._normal)


def test_operators_are_told_which_address_was_wanted() -> None:
    assert TargetUri().wanted(request()) == "https://api.example.com with /a/b"
    assert TargetUri(["https://b.example", "https://a.example:8443"]).wanted(request()) == (
        "https://a.example:8443 or https://b.example:443 with /a/b"
    )
