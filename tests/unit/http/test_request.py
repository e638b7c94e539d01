"""What a policy sees of a request."""

from hotgate.http.headers import Headers
from hotgate.http.request import Request


def test_target_is_the_origin_form() -> None:
    assert Request("GET", "/a", Headers(), query=b"x=1").target == b"/a?x=1"
    assert Request("GET", "/a", Headers()).target == b"/a"


def test_headers_are_read_in_any_case_as_latin_1() -> None:
    request = Request("GET", "/", Headers([(b"x-name", b"Andr\xe9")]))
    assert request.header("X-Name") == "André"
    assert request.header("X-Other") is None


def test_a_representation_shows_no_query() -> None:
    assert "secret" not in repr(Request("GET", "/a", Headers(), query=b"token=secret"))
