"""Memory is bounded however slow one side is: the other is not read until there is room."""

import asyncio

import pytest

from hotgate import Exchange, Response, policy
from wire.peer import turns
from wire.samples import CHUNKED_OK, CHUNKED_POST, GET, OK, get, ok
from wire.scenario import Wire, scenario

_MUCH = 64 * 1024 * 1024
_BOUND = 16 * 1024 * 1024  # generous: the kernel's buffers count too
_PIECE = b"x" * 65536


@scenario()
async def test_a_client_that_does_not_read_stops_the_backend(wire: Wire) -> None:
    client = await wire.connect(receive_buffer=8192)
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _MUCH)
    taken = await backend.flood(_PIECE, _MUCH)
    assert taken < _BOUND
    await client.head()
    await client.exactly(4 * 1024 * 1024)
    await backend.flood(_PIECE, _PIECE.__len__())  # it reads on


@scenario(route={"max_body": "1GiB"}, limits={"request_buffer": 0})
async def test_a_backend_that_does_not_read_stops_the_client(wire: Wire) -> None:
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % _MUCH)
    backend = await wire.backend.accept()
    await backend.head()
    taken = await client.flood(_PIECE, _MUCH)
    assert taken < _BOUND
    await backend.exactly(taken)
    assert await client.flood(_PIECE, 4 * 65536) > 0


@scenario(route={"max_body": "1GiB"})
async def test_a_chunked_body_too(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    assert await client.flood(b"10000\r\n" + _PIECE + b"\r\n", _MUCH) < _BOUND


@scenario(route={"max_body": "1GiB"})
async def test_tiny_chunks_too(wire: Wire) -> None:
    """The gateway lets others read between two reads of such a body; that must not end the back-pressure."""
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    assert await client.flood(b"a\r\n0123456789\r\n" * 1050, _MUCH) < 2 * _BOUND  # a third is framing


_gate: list[asyncio.Event] = []


@policy(phase="admit")
async def waits(exchange: Exchange) -> None:
    _gate.append(asyncio.Event())
    await _gate[-1].wait()


@scenario(route={"max_body": "1GiB"}, policies=[waits])
async def test_a_policy_that_waits_stops_the_client(wire: Wire) -> None:
    _gate.clear()
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % _MUCH)
    assert await client.flood(_PIECE, _MUCH) < _BOUND
    assert wire.backend.accepted == 0


@scenario(route={"max_body": "1GiB"}, policies=[waits])
async def test_what_was_held_back_does_not_hide_that_the_backend_is_slow(wire: Wire) -> None:
    """The first write to the backend may be more than it takes; reading must not go on then."""
    _gate.clear()
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % _MUCH)
    await client.flood(_PIECE, 2 * 1024 * 1024)
    _gate[-1].set()
    backend = await wire.backend.accept()
    await backend.head()
    assert await client.flood(_PIECE, _MUCH) < _BOUND


@scenario(policies=[waits], limits={"header_timeout": "10m"})
async def test_websocket_bytes_before_the_answer_are_bounded(wire: Wire) -> None:
    _gate.clear()
    client = await wire.send(get("/", "Connection: Upgrade", "Upgrade: websocket"))
    assert await client.flood(_PIECE, _MUCH) < _BOUND


@scenario()
async def test_websocket_bytes_before_the_backend_agrees_are_bounded(wire: Wire) -> None:
    client = await wire.send(get("/", "Connection: Upgrade", "Upgrade: websocket"))
    backend = await wire.backend.accept()
    await backend.head()
    assert await client.flood(_PIECE, _MUCH) < _BOUND


_FIXED = [
    {"name": "fixed", "match": {"path": "/*"}, "public": True, "respond": {"body": "0123456789abcdef" * 128}},
]


@scenario(routes=_FIXED)
async def test_answers_of_the_gateways_own_to_a_client_that_does_not_read(wire: Wire) -> None:
    client = await wire.connect(receive_buffer=8192)
    for _ in range(500):
        client.send(GET * 20)
        await turns(5)
    # Each request is answered with 2 KiB: all of them would be 20 MiB.
    assert len(wire.gateway.records.lines) * 2048 < 1024 * 1024


@scenario()
async def test_small_answers_of_a_backend_to_a_client_that_does_not_read(wire: Wire) -> None:
    client = await wire.connect(receive_buffer=8192)
    client.send(GET)
    backend = await wire.backend.accept()
    answer = ok(b"x" * 60_000)
    answered = 0
    while answered < 600 and await backend.has_received(GET[:4]):
        await backend.message()
        backend.send(answer)
        await turns(20)  # the exchange is over, its answer is not out yet
        client.send(GET)
        answered += 1
    assert answered * len(answer) < _BOUND


@pytest.mark.parametrize("chunk_size", [1, 2])
@scenario(route={"max_body": "1GiB"}, policies=[waits])
async def test_tiny_chunks_behind_a_policy(wire: Wire, chunk_size: int) -> None:
    """A single read may hold 40,000 of them; the backend gets what was held as one."""
    _gate.clear()
    sent = (b"%x\r\n%b\r\n" % (chunk_size, b"x" * chunk_size)) * 30_000
    client = await wire.send(CHUNKED_POST, sent, b"0\r\n\r\n")
    await turns(50)
    _gate[-1].set()
    backend = await wire.backend.accept()
    request = await backend.message()
    assert len(request.body) == 30_000 * chunk_size
    assert len(request.chunks) < 100
    backend.send(OK)
    assert (await client.message()).status == 200


@policy(phase="respond")
async def waits_for_the_answer(exchange: Exchange) -> Response | None:
    _gate.append(asyncio.Event())
    await _gate[-1].wait()
    return None


@scenario(policies=[waits_for_the_answer])
async def test_a_policy_that_holds_the_answer_stops_the_backend(wire: Wire) -> None:
    _gate.clear()
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK)
    assert await backend.flood(b"10000\r\n" + _PIECE + b"\r\n", _MUCH) < _BOUND
    _gate[-1].set()
    assert (await client.head()).status == 200
    assert len(await client.exactly(1024 * 1024)) == 1024 * 1024


@scenario()
async def test_a_client_that_never_reads_is_cut_off(wire: Wire) -> None:
    client = await wire.connect(receive_buffer=8192)
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK)
    await backend.flood(b"10000\r\n" + _PIECE + b"\r\n", _MUCH)
    wire.gateway.advance(1)  # what its kernel has taken meanwhile counts as read
    wire.gateway.advance(31)
    assert await backend.is_gone()
    assert wire.last_record["code"] == "client-timeout"
    await turns()
    assert wire.gateway.connections == 0


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_a_client_that_never_reads_a_complete_answer_is_cut_off(connection: str) -> None:
    """All of the answer is in the gateway, the exchange is over: the connection must still have an end."""

    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.connect(receive_buffer=4096)
        client.send(get("/", f"Connection: {connection}"))
        backend = await wire.backend.accept()
        await backend.message()
        body = b"x" * 200_000
        backend.send(ok(body))
        await turns()
        for _ in range(10):
            wire.gateway.advance(600)
            await turns(20)
        assert wire.gateway.connections == 0

    script()


@scenario(upstream={"timeouts": {"read": "5s"}})
async def test_a_client_that_never_reads_a_broken_answer_is_cut_off(wire: Wire) -> None:
    client = await wire.connect(receive_buffer=4096)
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", b"x" * 200_000)
    await turns()
    backend.close()
    await turns()
    for _ in range(10):
        wire.gateway.advance(600)
        await turns(20)
    assert wire.gateway.connections == 0


@pytest.mark.parametrize("size", [60_000, 100_000, 150_000, 200_000])
def test_a_slow_client_leaves_the_backends_connection_usable(size: int) -> None:
    """The answer ended while reading was paused: whoever gets the connection next must be able to read."""

    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.connect(receive_buffer=8192)
        body = b"x" * size
        client.send(GET, GET, GET)
        backend = await wire.backend.accept()
        for _ in range(3):
            if await backend.has_received(b"GET "):
                await backend.message()
                backend.send(ok(body))
                await turns()
        assert (await client.message()).body == body
        assert (await client.message()).body == body
        if await backend.has_received(b"GET "):
            await backend.message()
            backend.send(ok(body))
        assert (await client.message()).body == body
        await turns()
        other = await wire.send(GET)
        await backend.message()
        backend.send(OK)
        assert (await other.message()).body == b"ok"

    script()


@policy(phase="respond")
async def yields_once(exchange: Exchange) -> Response | None:
    await asyncio.sleep(0)
    return None


@scenario(policies=[yields_once])
async def test_a_policy_that_holds_the_answer_leaves_the_connection_usable(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    for _ in range(3):
        await backend.message()
        backend.send(OK)
        assert (await client.message()).body == b"ok"
        client.send(GET)
    assert wire.backend.accepted == 1
