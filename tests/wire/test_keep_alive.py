"""Connections are kept when both sides agree on where a message ends (RFC 9112 §9.3)."""

import pytest

from wire.peer import turns
from wire.samples import GET, OK, get
from wire.scenario import Wire, scenario


@scenario()
async def test_both_connections_serve_several_exchanges(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    for _ in range(3):
        await backend.message()
        backend.send(OK)
        answer = await client.message()
        assert answer.body == b"ok"
        assert not answer.closes
        client.send(GET)
    await backend.message()
    assert wire.backend.accepted == 1


@scenario()
async def test_a_client_that_says_close_is_closed(wire: Wire) -> None:
    client = await wire.send(get("/", "Connection: close"))
    backend = await wire.backend.accept()
    request = await backend.message()
    assert request.get(b"connection") is None
    backend.send(OK)
    answer = await client.message()
    assert answer.closes
    assert await client.rest() == b""


@scenario()
async def test_the_backends_close_is_not_the_clients(wire: Wire) -> None:
    client = await wire.send(GET)
    first = await wire.backend.accept()
    await first.message()
    first.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    assert not (await client.message()).closes
    assert await first.is_gone()
    client.send(GET)
    second = await wire.backend.accept()
    await second.message()
    second.send(OK)
    assert (await client.message()).body == b"ok"


@scenario()
async def test_http_1_0_closes_unless_asked_not_to(wire: Wire) -> None:
    client = await wire.send(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    backend = await wire.backend.accept()
    request = await backend.message()
    assert request.start == b"GET / HTTP/1.1"
    assert request.get(b"via") == b"1.0 hotgate"
    backend.send(OK)
    assert (await client.message()).body == b"ok"
    assert await client.rest() == b""


@scenario()
async def test_http_1_0_keep_alive(wire: Wire) -> None:
    request = b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"
    client = await wire.send(request)
    backend = await wire.backend.accept()
    for _ in range(2):
        await backend.message()
        backend.send(OK)
        answer = await client.message()
        assert answer.get(b"connection") == b"keep-alive"
        client.send(request)


@scenario()
async def test_close_counts_whatever_else_is_named(wire: Wire) -> None:
    """RFC 9112 §9.3, also for HTTP/1.0: the parser would go on, and read what a proxy before us does not."""
    smuggled = b"GET /x HTTP/1.0\r\nHost: a\r\n\r\n"
    client = await wire.send(b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n" + smuggled)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await client.message()).closes
    assert await client.rest() == b""
    assert backend.received() == b""


@scenario()
async def test_a_backend_that_says_close_in_a_trailer_is_not_used_again(wire: Wire) -> None:
    client = await wire.send(GET)
    first = await wire.backend.accept()
    await first.message()
    first.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nConnection: close\r\n\r\n")
    assert (await client.message()).trailers == []
    client.send(GET)
    second = await wire.backend.accept()
    await second.message()
    second.send(OK)
    assert (await client.message()).body == b"ok"


@scenario()
async def test_http_1_0_without_host_gets_the_targets(wire: Wire) -> None:
    await wire.send(b"GET / HTTP/1.0\r\n\r\n")
    backend = await wire.backend.accept()
    assert (await backend.message()).get(b"host") == b"127.0.0.1:%d" % wire.backend.port


@scenario()
async def test_an_answer_without_length_ends_with_the_connection_for_http_1_0(wire: Wire) -> None:
    client = await wire.send(b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\nX-T: 1\r\n\r\n")
    head = await client.head()
    assert head.closes
    assert head.get(b"transfer-encoding") is None
    assert await client.rest() == b"abcde"


@scenario()
async def test_a_close_delimited_answer_is_chunked_for_http_1_1(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nfirst")
    assert (await client.head()).is_chunked
    assert await client.exactly(10) == b"5\r\nfirst\r\n"
    backend.send(b"second")
    assert await client.exactly(11) == b"6\r\nsecond\r\n"
    backend.close()
    assert await client.exactly(5) == b"0\r\n\r\n"
    client.send(GET)
    await (await wire.backend.accept()).message()


@scenario()
async def test_an_http_1_0_backend_is_not_reused(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert (await client.message()).body == b"ok"
    client.send(GET)
    await (await wire.backend.accept()).message()


@pytest.mark.parametrize("framing", [b"Content-Length: 5", b"Transfer-Encoding: chunked", b"X-None: 1"])
def test_head_has_no_body_and_keeps_the_connection(framing: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        backend = await wire.backend.accept()
        assert (await backend.message()).start == b"HEAD / HTTP/1.1"
        backend.send(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n" % framing)
        answer = await client.message(to_head=True)
        assert answer.length == (5 if b"Length" in framing else None)
        client.send(GET)
        other = await wire.backend.accept()  # a body may come yet on the first one
        await other.message()
        other.send(OK)
        assert (await client.message()).body == b"ok"

    script()


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("fields", [b"", b"ETag: x\r\n", b"Content-Length: 7\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_204_and_304_end_with_their_head(status: int, fields: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(b"HTTP/1.1 %d X\r\n%b\r\n" % (status, fields))
        answer = await client.message()
        assert answer.status == status
        assert answer.get(b"transfer-encoding") is None
        assert answer.length is None or status == 304
        client.send(GET)
        announces_a_body = b"7" in fields or b"chunked" in fields
        other = await wire.backend.accept() if announces_a_body else backend
        await other.message()
        other.send(OK)
        assert (await client.message()).body == b"ok"

    script()


@pytest.mark.parametrize(
    ("fields", "closes"),
    [
        (["Connection: close, X-Hop"], True),
        (["Connection: X-Hop ,\tCLOSE"], True),
        (["Connection: keep-alive, close"], True),
        (["Connection: keep-alive", "Connection: close"], True),
        (["Connection: closed"], False),
        (["Connection: x-close, keep-alive"], False),
    ],
)
def test_close_among_other_options(fields: list[str], closes: bool) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(get("/", *fields, "X-Hop: 1"), get("/second"))
        backend = await wire.backend.accept()
        first = await backend.message()
        assert (first.get(b"x-hop") is None) is any("hop" in field.lower() for field in fields)
        backend.send(OK)
        assert (await client.message()).closes is closes
        if closes:
            assert await client.rest() == b""
            await turns()
            assert backend.received() == b""
        else:
            assert (await backend.message()).start == b"GET /second HTTP/1.1"

    script()


@scenario()
async def test_a_body_after_204_is_not_the_next_answer(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 204 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    await client.head()
    client.send(GET)
    other = await wire.backend.accept()
    await other.message()
    other.send(OK)
    assert (await client.message()).body == b"ok"
