"""A backend may answer before it has the whole request (RFC 9112 §7.3, §9.6)."""

from wire.samples import CHUNKED_OK, CHUNKED_POST, GET, OK, chunk
from wire.scenario import Wire, scenario


@scenario()
async def test_an_early_refusal_reaches_the_client_and_ends_both_connections(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"part"))
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(b"HTTP/1.1 413 X\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
    answer = await client.message()
    assert (answer.status, answer.body) == (413, b"big")
    client.send(chunk(b"more"), b"0\r\n\r\n", GET)
    assert await client.rest() == b""
    assert await backend.is_gone()
    assert b"GET" not in backend.received()
    assert wire.backend.accepted == 1


@scenario()
async def test_both_directions_stream_at_once(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(CHUNKED_OK)
    assert (await client.head()).is_chunked
    for word in (b"a", b"bc", b"def"):
        client.send(chunk(word))
        assert await backend.exactly(len(chunk(word))) == chunk(word)
        backend.send(chunk(word))
        assert await client.exactly(len(chunk(word))) == chunk(word)
    client.send(b"0\r\n\r\n")
    assert await backend.exactly(5) == b"0\r\n\r\n"
    backend.send(b"0\r\n\r\n")
    assert await client.exactly(5) == b"0\r\n\r\n"
    client.send(GET)
    await backend.message()
    backend.send(OK)
    assert (await client.message()).body == b"ok"


@scenario()
async def test_an_answer_that_goes_on_after_the_request_has_ended_is_not_late(wire: Wire) -> None:
    """Its head came long ago: from the end of the request on, only pauses count."""
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(CHUNKED_OK, chunk(b"0"))
    await client.head()
    assert await client.exactly(6) == chunk(b"0")
    client.send(b"0\r\n\r\n")
    assert await backend.exactly(5) == b"0\r\n\r\n"
    for _ in range(4):
        wire.gateway.advance(20)
        backend.send(chunk(b"1"))
        assert await client.exactly(6) == chunk(b"1")
    backend.send(b"0\r\n\r\n")
    assert await client.exactly(5) == b"0\r\n\r\n"


@scenario()
async def test_an_answer_that_stalls_after_the_request_has_ended(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(CHUNKED_OK, chunk(b"0"))
    await client.head()
    client.send(b"0\r\n\r\n")
    await backend.exactly(5)
    wire.gateway.advance(31)
    assert await client.is_cut()
    assert wire.last_record["code"] == "upstream-stalled"


@scenario()
async def test_a_complete_answer_before_the_end_of_the_request(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(OK)
    assert (await client.message()).body == b"ok"
    client.send(chunk(b"too late"))
    assert await client.rest() == b""
    assert await backend.is_gone()
    client = await wire.send(GET)
    assert (await (await wire.backend.accept()).message()).start == b"GET / HTTP/1.1"
