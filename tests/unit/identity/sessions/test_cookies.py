"""Values in cookies: spread, found again, never mixed up with those of others."""

import pytest

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity.sessions.cookies import (
    MAX_CHUNK,
    MAX_CHUNKS,
    TooLarge,
    joined,
    own_cookies,
    spread,
    without_own,
)

NAME = "__Host-hotgate-sso"


def request(*cookies: str) -> Request:
    return Request("GET", "/", Headers([(b"cookie", each.encode("latin-1")) for each in cookies]))


def kept(value: bytes) -> dict[str, bytes]:
    """As a browser sends them back."""
    pairs = [field.partition(b";")[0].decode() for _, field in spread(NAME, value, "lax", ())]
    found = own_cookies(request("; ".join(pairs)), NAME)
    assert found is not None
    return found


@pytest.mark.parametrize("size", [1, MAX_CHUNK - 1, MAX_CHUNK, MAX_CHUNK + 1, MAX_CHUNK * MAX_CHUNKS])
def test_a_value_comes_back_as_it_was(size: int) -> None:
    value = bytes(65 + number % 26 for number in range(size))
    parts = kept(value)
    assert joined(parts) == value
    assert max(len(NAME) + 3 + len(part) for part in parts.values()) < 4096


def test_a_value_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        spread(NAME, b"x" * (MAX_CHUNK * MAX_CHUNKS + 1), "lax", ())


def test_what_is_left_of_a_larger_value_is_cleared() -> None:
    fields = spread(NAME, b"x", "strict", ["", "1", "3", "login~abc", "back", "99"])
    names = [value.partition(b"=")[0] for _, value in fields]
    assert names == [NAME.encode(), f"{NAME}~1".encode(), f"{NAME}~3".encode()]
    assert [b"Max-Age=0" in value for _, value in fields] == [False, True, True]
    assert b"SameSite=Strict" in fields[0][1]


def test_a_part_that_is_missing_is_no_value() -> None:
    parts = kept(b"x" * (MAX_CHUNK * 3))
    for name in parts:
        assert joined({each: value for each, value in parts.items() if each != name}) is None


@pytest.mark.parametrize("first", [b"", b".", b"x", b"0.x", b"5.x", b"12.x", b"-1.x", b"1x", "²".encode() + b".x"])
def test_a_count_that_is_none_is_no_value(first: bytes) -> None:
    assert joined({"": first}) is None


def test_a_name_that_is_there_twice_is_noticed_wherever_it_stands() -> None:
    assert own_cookies(request(f"{NAME}=a; x=1; {NAME}=b"), NAME) is None
    assert own_cookies(request(f"{NAME}=a", f"{NAME}=b"), NAME) is None
    assert own_cookies(request(f"{NAME}=a;\t{NAME} =b"), NAME) is None


def test_cookies_of_other_entries_are_not_ours() -> None:
    found = own_cookies(request(f"{NAME}2=a; {NAME}-x=b; {NAME}.x=c; x{NAME}=d; {NAME}~1=e"), NAME)
    assert found == {"1": b"e"}


@pytest.mark.parametrize("spelling", ['"{}"', '"{}', "\xa0{}", "{}\x85", "\x0b{}", "={}", "{}\x00"])
def test_a_name_that_any_host_may_set_is_not_ours(spelling: str) -> None:
    """Browsers demand of `__Host-` only what begins with it, to the letter: what is trimmed away here would let a
    neighbouring host plant a session."""
    planted = spelling.format(NAME)
    assert own_cookies(request(f"{planted}=1.planted"), NAME) == {}
    assert own_cookies(request(f"{NAME}=1.own; {planted}=1.planted"), NAME) == {"": b"1.own"}


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ("a=1; __Host-hotgate-x=2; b=3", ["a=1; b=3"]),
        ("__Host-hotgate-x=2", []),
        ("a=__Host-hotgate-x", ["a=__Host-hotgate-x"]),
        ("a=1;__Host-hotgate-x~login~z=2", ["a=1"]),
        ("__host-hotgate-x=1", ["__host-hotgate-x=1"]),
    ],
)
def test_only_the_gateways_own_cookies_are_taken_away(sent: str, left: list[str]) -> None:
    changed = request(sent)
    without_own(changed)
    assert changed.headers.get_all(b"cookie") == [each.encode() for each in left]
