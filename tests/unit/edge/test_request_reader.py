"""Bytes in, canonical requests out; the framing itself is tested on the wire."""

import pytest

from hotgate.edge.incoming import Incoming
from hotgate.edge.request_reader import RequestReader
from hotgate.edge.request_rules import RequestLimits, RequestRules


class Owner:
    """Keeps what is read; takes no more than `most`."""

    def __init__(self, most: int = 100) -> None:
        self.requests: list[Incoming] = []
        self.spoke_tls = False
        self.most = most

    def on_incoming(self, incoming: Incoming) -> bool:
        self.requests.append(incoming)
        return len(self.requests) < self.most

    def on_client_hello(self) -> bool:
        self.spoke_tls = True
        return True


def read(*pieces: bytes, rules: RequestRules | None = None, most: int = 100) -> list[Incoming]:
    owner = Owner(most)
    reader = RequestReader(owner, rules or RequestRules())
    for piece in pieces:
        reader.feed(piece)
    return owner.requests


def test_the_canonical_form() -> None:
    (incoming,) = read(b"GET /a/./b/../%7ec?d=%2f HTTP/1.1\r\nHOST: A.Example:8080\r\nX-One: 1\r\n\r\n")
    request = incoming.request
    assert (request.method, request.path, request.query) == ("GET", "/a/~c", b"d=%2f")
    assert (request.host, request.authority) == ("a.example", b"A.Example:8080")
    assert request.headers.fields == [(b"x-one", b"1")]
    assert incoming.keep_alive
    assert incoming.is_complete
    assert not incoming.has_body


def test_absolute_form() -> None:
    (incoming,) = read(b"GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n")
    assert (incoming.request.host, incoming.request.path, incoming.request.query) == ("a.example", "/x", b"y")


@pytest.mark.parametrize("host", [b"", b"Host:\r\n"])
def test_an_absolute_target_does_not_replace_host(host: bytes) -> None:
    """RFC 9112 §3.2: without Host it is 400, whatever the target."""
    (incoming,) = read(b"GET http://a.example/x HTTP/1.1\r\n" + host + b"\r\n")
    assert incoming.refusal is not None
    assert incoming.refusal.code == "host-missing"


@pytest.mark.parametrize(
    ("fields", "keep_alive"),
    [(b"", True), (b"Connection: close\r\n", False), (b"Connection: keep-alive, Close\r\n", False)],
)
def test_keep_alive(fields: bytes, keep_alive: bool) -> None:
    (incoming,) = read(b"GET / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n")
    assert incoming.keep_alive is keep_alive


def test_a_body_waits_for_its_consumer() -> None:
    (incoming,) = read(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc", b"def")
    assert bytes(incoming.take_buffer()) == b"abcdef"
    assert bytes(incoming.take_buffer()) == b""
    assert (incoming.length, incoming.received, incoming.is_complete) == (6, 6, True)


def test_every_request_of_a_read_is_told_once() -> None:
    one = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"
    requests = read(one % 1 + one % 2 + one % 3)
    assert [incoming.request.path for incoming in requests] == ["/1", "/2", "/3"]


def test_an_owner_that_has_enough() -> None:
    one = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    requests = read(one * 10, one, most=3)
    assert len(requests) == 3
    assert [incoming.keep_alive for incoming in requests] == [True, True, False]


def test_nothing_is_read_behind_a_refusal() -> None:
    requests = read(b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert len(requests) == 1
    assert requests[0].refusal is not None
    assert not requests[0].keep_alive


def test_a_partial_head() -> None:
    owner = Owner()
    reader = RequestReader(owner, RequestRules())
    assert not reader.has_partial_head
    reader.feed(b"GET / HT")
    assert reader.has_partial_head
    reader.feed(b"TP/1.1\r\nHost: a\r\n\r\n")
    assert not reader.has_partial_head
    reader.feed(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET")
    assert reader.has_partial_head


@pytest.mark.parametrize(("count", "status"), [(9, None), (10, 431)])
def test_the_number_of_fields(count: int, status: int | None) -> None:
    rules = RequestRules(RequestLimits(max_fields=10))
    (incoming,) = read(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * count + b"\r\n", rules=rules)
    assert (incoming.refusal.status if incoming.refusal else None) == status


def test_a_repeated_head_is_equal_to_a_parsed_one() -> None:
    owner = Owner()
    reader = RequestReader(owner, RequestRules())
    rest = b" HTTP/1.1\r\nHost: a.example:81\r\nX-One: 1\r\nX-Request-Id: r\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
    for line in (b"GET /1", b"GET /2?q", b"HEAD /3"):
        reader.feed(line + rest)
    first, second, third = owner.requests
    for other in (second, third):
        assert other.request.headers.fields == first.request.headers.fields
        assert other.request.headers.fields is not first.request.headers.fields
        assert other.request.authority == first.request.authority
        assert other.request.host == first.request.host
        assert (other.request_id, other.forwarding) == (first.request_id, first.forwarding)
        assert other.keep_alive
        assert other.is_complete
    assert (second.request.path, second.request.query) == ("/2", b"q")
    assert third.request.method == "HEAD"


@pytest.mark.parametrize(
    "line",
    [
        b"GET /a b HTTP/1.1",
        b"GET /\x80 HTTP/1.1",
        b"GET /#f HTTP/1.1",
        b"GET /%00 HTTP/1.1",
        b"GET /../x HTTP/1.1",
        b"GET / HTTP/1.2",
        b"BREW / HTTP/1.1",
        b"GET / HTTP/1.1\r\nContent-Length: 5",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked",
        b"GET / HTTP/1.1\nX: y",
        b"GET /a HTTP/1.1\r\nHost: b",
    ],
)
def test_a_request_line_of_another_kind_is_not_read_quickly(line: bytes) -> None:
    """The second time, as the first time: the result must not depend on what came before."""
    rest = b"\r\nHost: a\r\n\r\n"
    (alone,) = read(line + rest)
    _, repeated = read(b"GET / HTTP/1.1" + rest, line + rest)
    assert (alone.refusal is None) == (repeated.refusal is None)
    if alone.refusal is not None and repeated.refusal is not None:
        assert alone.refusal.code == repeated.refusal.code
    assert (alone.length, alone.chunked) == (repeated.length, repeated.chunked)
