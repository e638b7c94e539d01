"""A repeated header section is understood as before, without the parser; whatever else is new goes to the parser."""

import pytest

from hotgate.edge.incoming import Incoming
from hotgate.edge.request_reader import RequestReader
from hotgate.edge.request_rules import RequestLimits, RequestRules

FIELDS = b"Host: a.example\r\nX-One: 1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Request-Id: r-1\r\n\r\n"


class Owner:
    def __init__(self) -> None:
        self.requests: list[Incoming] = []
        self.spoke_tls = False

    def on_incoming(self, incoming: Incoming) -> bool:
        self.requests.append(incoming)
        return True

    def on_client_hello(self) -> bool:
        self.spoke_tls = True
        return True


class Untouchable:
    """Stands in for the parser and must not be asked."""

    def feed_data(self, data: bytes) -> None:
        raise AssertionError("the parser was asked")


def reader_after(first: bytes, limits: RequestLimits | None = None) -> tuple[RequestReader, Owner]:
    owner = Owner()
    reader = RequestReader(owner, RequestRules(limits))
    reader.feed(first)
    return reader, owner


def test_the_parser_is_not_asked_again() -> None:
    reader, owner = reader_after(b"GET /first HTTP/1.1\r\n" + FIELDS)
    reader._parser = Untouchable()  # type: ignore[assignment]
    reader.feed(b"DELETE /second?x=1 HTTP/1.1\r\n" + FIELDS)
    first, second = owner.requests
    assert (second.request.method, second.request.path, second.request.query) == ("DELETE", "/second", b"x=1")
    assert second.request.headers.fields == first.request.headers.fields == [(b"x-one", b"1")]
    assert second.request.headers.fields is not first.request.headers.fields
    assert (second.request.host, second.request.authority) == ("a.example", b"a.example")
    assert (second.forwarding, second.request_id) == (first.forwarding, b"r-1")
    assert second.is_complete
    assert second.keep_alive


@pytest.mark.parametrize(
    "line",
    [
        b"POST /second HTTP/1.1\r\n",  # may have a body
        b"GET /second HTTP/1.0\r\n",
        b"GET http://b.example/ HTTP/1.1\r\n",
        b"GET /%00 HTTP/1.1\r\n",
        b"GET /a b HTTP/1.1\r\n",
        b"GET  /second HTTP/1.1\r\n",
        b"GET /second HTTP/1.1\r\nX-Two: 2\r\n",
        b"GET /second HTTP/1.1\r\n\r\nGET /third HTTP/1.1\r\n",
        b"\r\nGET /second HTTP/1.1\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n",
    ],
)
def test_anything_but_a_plain_request_line_is_parsed(line: bytes) -> None:
    reader, _ = reader_after(b"GET /first HTTP/1.1\r\n" + FIELDS)
    reader._parser = Untouchable()  # type: ignore[assignment]
    with pytest.raises(AssertionError, match="the parser was asked"):
        reader.feed(line + FIELDS)


@pytest.mark.parametrize(
    "first",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5000 + b"\r\n\r\n",
    ],
)
def test_what_may_mean_more_is_not_kept(first: bytes) -> None:
    reader, _ = reader_after(first)
    assert reader._repeated is None


def test_a_head_that_comes_in_pieces_is_parsed() -> None:
    reader, owner = reader_after(b"GET /first HTTP/1.1\r\n" + FIELDS)
    for piece in (b"GET /second HT", b"TP/1.1\r\n" + FIELDS, b"GET /third HTTP/1.1\r\n" + FIELDS):
        reader.feed(piece)
    assert [each.request.path for each in owner.requests] == ["/first", "/second", "/third"]
