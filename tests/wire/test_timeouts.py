"""Every wait has an end. Time passes only when a script says so."""

import asyncio
import socket

from wire.peer import turns
from wire.samples import CHUNKED_OK, CHUNKED_POST, GET, OK, chunk, get
from wire.scenario import Wire, scenario


@scenario(limits={"header_timeout": "15s"})
async def test_a_head_that_drips_in(wire: Wire) -> None:
    client = await wire.send(b"GET / HTTP/1.1\r\nHo")
    for _ in range(16):
        await turns(5)
        wire.gateway.advance(1)
        client.send(b"s")
    answer = await client.message()
    assert (answer.status, answer.code, answer.closes) == (408, "request-timeout", True)
    assert wire.backend.accepted == 0


@scenario(limits={"header_timeout": "15s"})
async def test_the_second_head_too(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await client.message()
    client.send(b"GET / HT")
    await turns(20)
    wire.gateway.advance(16)
    assert (await client.message()).status == 408


@scenario(limits={"header_timeout": "15s", "keep_alive": "75s"})
async def test_a_head_that_began_with_the_request_before_it(wire: Wire) -> None:
    client = await wire.send(GET, b"GET / HT")
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await client.message()
    await turns(20)
    wire.gateway.advance(16)
    assert (await client.message()).status == 408


@scenario(limits={"first_byte_timeout": "10s", "header_timeout": "15s"})
async def test_a_client_that_says_nothing_at_first(wire: Wire) -> None:
    silent, slow = await wire.connect(), await wire.connect()
    await turns(20)
    wire.gateway.advance(9)
    slow.send(b"G")
    await turns(20)
    wire.gateway.advance(2)
    assert await silent.rest() == b""
    wire.gateway.advance(12)
    slow.send(GET[1:])
    await (await wire.backend.accept()).message()


@scenario(limits={"keep_alive": "75s"}, upstream={"idle_timeout": "1h"})
async def test_an_idle_connection(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await client.message()
    wire.gateway.advance(74)
    client.send(GET)
    await backend.message()
    backend.send(OK)
    await client.message()
    wire.gateway.advance(76)
    assert await client.rest() == b""


@scenario(limits={"body_idle": "30s", "min_body_rate": 0})
async def test_a_body_that_stops(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"a"))
    backend = await wire.backend.accept()
    await backend.head()
    for _ in range(3):
        await turns(20)
        wire.gateway.advance(20)
        client.send(chunk(b"b"))
        await turns(20)
    wire.gateway.advance(31)
    answer = await client.message()
    assert (answer.status, answer.code, answer.closes) == (408, "request-timeout", True)
    assert await backend.is_gone()
    assert b"0\r\n\r\n" not in backend.received()


@scenario(upstream={"timeouts": {"head": "10s"}})
async def test_an_answer_that_does_not_come(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    wire.gateway.advance(9)
    await turns(20)
    assert client.received() == b""
    wire.gateway.advance(2)
    answer = await client.message()
    assert (answer.status, answer.code) == (504, "upstream-timeout")
    assert await backend.is_gone()
    assert not answer.closes


@scenario(upstream={"timeouts": {"head": "10s"}})
async def test_a_head_of_an_answer_that_drips_in(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    for byte in b"HTTP/1.1 20":
        backend.send(bytes((byte,)))
        await turns(5)
        wire.gateway.advance(1)
    assert (await client.message()).code == "upstream-timeout"


@scenario(upstream={"timeouts": {"read": "10s"}})
async def test_an_answer_that_stalls(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK)
    await client.head()
    for _ in range(3):
        backend.send(chunk(b"a"))
        assert await client.exactly(6) == chunk(b"a")
        wire.gateway.advance(9)
    wire.gateway.advance(2)
    assert await client.is_cut()
    assert wire.last_record["code"] == "upstream-stalled"


@scenario(upstream={"timeouts": {"total": "60s", "read": "10s"}})
async def test_an_answer_that_never_ends(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK)
    await client.head()
    for _ in range(7):
        backend.send(chunk(b"a"))
        assert await client.exactly(6) == chunk(b"a")
        wire.gateway.advance(9)
    assert await client.is_cut()
    assert wire.last_record["code"] == "upstream-timeout"


@scenario(upstream={"timeouts": {"connect": "20ms"}})
async def test_a_backend_that_does_not_accept(wire: Wire) -> None:
    wire.backend.refuse_connections()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        deaf.bind(("127.0.0.1", wire.backend.port))
        deaf.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", wire.backend.port))
        client = await wire.send(GET)
        answer = await client.message()
        for filler in fillers:
            filler.close()
    assert (answer.status, answer.code) == (504, "upstream-connect-timeout")


@scenario()
async def test_a_client_that_does_not_take_the_refusal_is_cut_off_after_a_while(wire: Wire) -> None:
    client = await wire.send(b"BAD\r\n\r\n")
    assert (await client.message()).status == 400
    await turns(20)
    assert wire.gateway.connections == 1  # it lingers, so that the answer is not lost
    wire.gateway.advance(3)
    await turns(20)
    assert wire.gateway.connections == 0


@scenario()
async def test_draining(wire: Wire) -> None:
    idle = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await idle.message()
    busy = await wire.send(GET)
    await backend.message()
    drained = asyncio.ensure_future(wire.gateway.plane.drain(30))
    await turns(20)
    wire.gateway.advance(2)
    assert await idle.rest() == b""
    backend.send(OK)
    answer = await busy.message()
    assert answer.closes
    assert await busy.rest() == b""
    await drained
    assert wire.gateway.connections == 0


@scenario()
async def test_draining_in_the_middle_of_an_answer(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK)
    await client.head()
    drained = asyncio.ensure_future(wire.gateway.plane.drain(30))
    await turns(20)
    backend.send(chunk(b"whole"), b"0\r\n\r\n")
    assert await client.rest() == chunk(b"whole") + b"0\r\n\r\n"
    await drained


@scenario()
async def test_draining_with_requests_waiting(wire: Wire) -> None:
    client = await wire.send(GET, get("/second"))
    backend = await wire.backend.accept()
    await backend.message()
    drained = asyncio.ensure_future(wire.gateway.plane.drain(30))
    await turns(20)
    backend.send(OK)
    assert (await client.message()).closes
    assert await client.rest() == b""
    await drained
