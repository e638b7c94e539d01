"""Bodies of unknown length (RFC 9112 §7.1): framed anew on either side, trailers included."""

import contextlib

import pytest

from wire.peer import turns
from wire.samples import CHUNKED_OK, CHUNKED_POST, GET, OK, chunk
from wire.scenario import Wire, scenario


@scenario()
async def test_a_chunked_request_streams(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"one"))
    backend = await wire.backend.accept()
    head = await backend.head()
    assert head.is_chunked
    assert head.length is None
    assert await backend.exactly(8) == b"3\r\none\r\n"
    client.send(chunk(b"second"), b"0\r\n\r\n")
    assert await backend.exactly(16) == b"6\r\nsecond\r\n0\r\n\r\n"
    backend.send(OK)
    assert (await client.message()).status == 200


@scenario()
async def test_a_chunked_answer_streams(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK, chunk(b"one"))
    assert (await client.head()).is_chunked
    assert await client.exactly(8) == b"3\r\none\r\n"
    backend.send(chunk(b"two"), b"0\r\n\r\n")
    assert await client.exactly(13) == b"3\r\ntwo\r\n0\r\n\r\n"


@scenario()
async def test_trailers_travel_both_ways(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, b"0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n")
    backend = await wire.backend.accept()
    assert (await backend.message()).trailers == [(b"x-sum", b"1"), (b"x-more", b"2")]
    backend.send(CHUNKED_OK, chunk(b"a"), b"0\r\nGrpc-Status: 0\r\n\r\n")
    assert (await client.message()).trailers == [(b"grpc-status", b"0")]


_FORBIDDEN = [
    b"Authorization: Bearer x",
    b"Cookie: a=b",
    b"Host: b",
    b"X-Auth-Subject: admin",
    b"X_Auth_Subject: admin",
    b"X-Real-IP: 1.2.3.4",
    b"X-Forwarded-For: 1.2.3.4",
    b"X-Forwarded-Proto: https",
    b"Forwarded: for=1.2.3.4",
]


@pytest.mark.parametrize("field", _FORBIDDEN)
def test_trailers_cannot_say_what_only_a_head_or_the_gateway_may(field: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        await wire.send(CHUNKED_POST, b"0\r\n%b\r\nX-Fine: 1\r\n\r\n" % field)
        backend = await wire.backend.accept()
        assert (await backend.message()).trailers == [(b"x-fine", b"1")]

    script()


@pytest.mark.parametrize(
    "field", [b"Connection: close", b"Proxy-Connection: close", b"Transfer-Encoding: identity", b"Content-Length: 1"]
)
def test_trailers_about_framing_or_the_connection_are_refused(field: bytes) -> None:
    """The parser heeds them, and so would end, or frame, what comes next."""

    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(CHUNKED_POST, b"0\r\n%b\r\n\r\n" % field)
        refusal = await client.message()
        assert (refusal.status, refusal.closes) == (400, True)
        assert await client.is_gone()

    script()


@pytest.mark.parametrize("field", [b"Set-Cookie: a=b", b"Location: /", b"Connection: close", b"WWW-Authenticate: x"])
def test_trailers_of_answers_too(field: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(CHUNKED_OK, b"0\r\n%b\r\nX-Fine: 1\r\n\r\n" % field)
        assert (await client.message()).trailers == [(b"x-fine", b"1")]

    script()


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"5;name=value\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b'5;name="a quoted ; value"\r\nhello\r\n0;last\r\n\r\n', b"hello"),
        (b"0005\r\nhello\r\n000\r\n\r\n", b"hello"),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", b"\r\n"),
    ],
)
def test_odd_but_valid_chunks_are_made_plain(sent: bytes, body: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(CHUNKED_POST, sent)
        backend = await wire.backend.accept()
        await backend.head()
        received = await backend.until(b"0\r\n\r\n")
        assert b";" not in received.replace(body, b"")
        backend.send(OK)
        assert (await client.message()).status == 200

    script()


@scenario()
async def test_one_byte_at_a_time(wire: Wire) -> None:
    client = await wire.connect()
    await client.send_in_pieces(CHUNKED_POST + chunk(b"hello") + chunk(b"world") + b"0\r\nX-T: 1\r\n\r\n")
    backend = await wire.backend.accept()
    request = await backend.message()
    assert request.body == b"helloworld"
    assert request.trailers == [(b"x-t", b"1")]
    await backend.send_in_pieces(CHUNKED_OK + chunk(b"good") + chunk(b"bye") + b"0\r\nX-U: 2\r\n\r\n")
    answer = await client.message()
    assert answer.body == b"goodbye"
    assert answer.trailers == [(b"x-u", b"2")]


_BROKEN = [
    b"x\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n",
    b"+5\r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b" 5\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\r\n0\r\n\r\n",
    b"5\r\nhello!\r\n0\r\n\r\n",
    b"5\r\nhello0\r\n\r\n",
    b"5\r\nhello\n0\r\n\r\n",
    b"\r\n5\r\nhello\r\n0\r\n\r\n",
    b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    b"5;a\0b\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\nBad Name: 1\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX : 1\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX: 1\n\r\n",
    b"5\r\nhello\r\n0\r\nX: a\0b\r\n\r\n",
    b"5\r\nhello\r\n0\r\n folded\r\n\r\n",
    b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
    b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
]


@pytest.mark.parametrize("sent", _BROKEN)
def test_broken_chunks_in_one_read_reach_no_backend(sent: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(CHUNKED_POST, sent, GET)
        refusal = await client.message()
        assert (refusal.status, refusal.closes) == (400, True)
        assert await client.rest() == b""
        await turns()
        assert wire.backend.accepted == 0

    script()


@pytest.mark.parametrize("sent", _BROKEN)
def test_broken_chunks_later_break_the_request_that_was_sent_on(sent: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(CHUNKED_POST)
        backend = await wire.backend.accept()
        await backend.head()
        client.send(sent, GET)
        refusal = await client.message()
        assert (refusal.status, refusal.closes) == (400, True)
        received = b""
        with contextlib.suppress(ConnectionError):
            received = await backend.rest()
        assert b"0\r\n\r\n" not in received
        assert b"GET" not in received

    script()


@scenario()
async def test_a_body_cut_by_the_client_is_never_completed(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"half"))
    backend = await wire.backend.accept()
    await backend.head()
    assert await backend.exactly(9) == b"4\r\nhalf\r\n"
    client.close()
    assert await backend.is_gone()
    assert backend.received() == b""


@scenario(
    route={"headers": {"request": {"set": {"X-User": "alice"}, "add": {"X-Tier": "gold"}, "remove": ["X-Debug"]}}}
)
async def test_trailers_cannot_say_what_policies_set_or_remove(wire: Wire) -> None:
    trailers = b"0\r\nX-User: root\r\nx.tier: platinum\r\nX-Debug: 1\r\nX-Fine: 1\r\n\r\n"
    await wire.send(CHUNKED_POST, chunk(b"body"), trailers)
    request = await (await wire.backend.accept()).message()
    assert request.get(b"x-user") == b"alice"
    assert request.trailers == [(b"x-fine", b"1")]


@scenario()
async def test_tiny_chunks_are_joined(wire: Wire) -> None:
    """One read makes one chunk: a flood of tiny ones must not cost the gateway or the backend one step each."""
    await wire.send(CHUNKED_POST, chunk(b"a") * 3000, b"0\r\n\r\n")
    request = await (await wire.backend.accept()).message()
    assert request.body == b"a" * 3000
    assert len(request.chunks) < 100


@scenario(limits={"max_header_bytes": "2KiB"})
async def test_trailers_count_together(wire: Wire) -> None:
    client = await wire.send(
        CHUNKED_POST, chunk(b"body"), b"0\r\n", *[b"X-%d: %b\r\n" % (n, b"x" * 200) for n in range(20)]
    )
    assert (await client.message()).status == 431
