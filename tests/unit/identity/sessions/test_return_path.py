"""Only paths of this host are returned to, and none of them is the gateway's own."""

from itertools import product
from urllib.parse import urljoin, urlsplit

import pytest

from hotgate.identity.sessions.return_path import MAX_LENGTH, return_path

OWN = "/.hotgate/sso"
_PIECES = (
    "",
    "/",
    "//",
    "\\",
    "\t",
    "\n",
    " ",
    "\x00",
    "%2f",
    "%5c",
    "%09",
    ".",
    "..",
    ";",
    "@",
    ":",
    "?",
    "#",
    "http:",
)


@pytest.mark.parametrize("first", _PIECES)
def test_whatever_is_put_before_another_host_it_is_not_reached(first: str) -> None:
    """As browsers read it: control characters go, backslashes are slashes (WHATWG URL)."""
    for second, third in product(_PIECES, repeat=2):
        for start in ("", "/"):
            path = return_path(f"{start}{first}{second}{third}evil.test/x", OWN)
            seen = path.translate({9: None, 10: None, 13: None}).replace("\\", "/")
            assert seen.startswith("/")
            assert not seen.startswith("//")
            assert urlsplit(urljoin("https://app.test/", seen)).netloc == "app.test"


@pytest.mark.parametrize("wanted", ["/", "/a", "/a/b/", "/a?b=c", "/a?b=//c", "/a%20b", "/?x", "/a;b=1"])
def test_an_ordinary_path_stays(wanted: str) -> None:
    assert return_path(wanted, OWN) == wanted


def test_a_long_query_is_left_out_and_a_long_path_leads_home() -> None:
    assert return_path("/a?" + "x" * MAX_LENGTH, OWN) == "/a"
    assert return_path("/" + "x" * MAX_LENGTH, OWN) == "/"
    assert return_path("/" + "x" * (MAX_LENGTH - 1), OWN) != "/"


@pytest.mark.parametrize(
    "wanted", [OWN, f"{OWN}/", f"{OWN}/callback?x=y", "/.hotgate//sso/login", "/a/../.hotgate/sso/x"]
)
def test_nobody_returns_to_a_path_of_the_login(wanted: str) -> None:
    assert return_path(wanted, OWN) == "/"
