"""Clients that are slow on purpose: what they occupy has an end, and honest slow ones are served."""

import pytest

from hotgate import Exchange, policy
from wire.peer import turns
from wire.samples import CHUNKED_OK, CHUNKED_POST, GET, OK, chunk, post
from wire.scenario import Wire, scenario

_MUCH = 64 * 1024 * 1024
_LARGE_POST = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\n"
_HEAD = _LARGE_POST + b"x" * 16 * 1024  # enough for the backend to be asked


@pytest.mark.parametrize("begun", [_HEAD, _LARGE_POST, CHUNKED_POST])
def test_a_body_of_one_byte_a_second(begun: bytes) -> None:
    @scenario(limits={"min_body_rate": "10KB", "rate_grace": "5s", "body_idle": "30s"})
    async def script(wire: Wire) -> None:
        client = await wire.send(begun)
        for _ in range(8):
            await turns(20)
            wire.gateway.advance(1)
            client.send(chunk(b"x") if begun is CHUNKED_POST else b"x")
        answer = await client.message()
        assert (answer.status, answer.code, answer.closes) == (408, "request-timeout", True)

    script()


@scenario(limits={"min_body_rate": 240, "rate_grace": "5s"})
async def test_a_body_that_is_just_fast_enough(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    for _ in range(60):
        client.send(chunk(b"x" * 250))
        await turns(10)
        wire.gateway.advance(1)
    client.send(b"0\r\n\r\n")
    await backend.until(b"0\r\n\r\n")
    backend.send(OK)
    assert (await client.message()).status == 200


@scenario(limits={"min_body_rate": 240, "rate_grace": "5s", "body_idle": "1h"}, route={"max_body": "1GiB"})
async def test_a_client_that_waits_for_the_backend_is_not_slow(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    await client.flood(b"10000\r\n" + b"x" * 65536 + b"\r\n", _MUCH)  # until the backend takes no more
    for _ in range(300):
        wire.gateway.advance(10)
    assert not await client.has_received(b"HTTP")
    wire.gateway.advance(3600)
    answer = await client.message()
    assert (answer.status, answer.code) == (504, "upstream-stalled")


@policy(phase="shape", body="1MiB")
def reads_the_body(exchange: Exchange) -> None:
    """Has the body collected."""


@scenario(limits={"min_body_rate": 240, "rate_grace": "5s"}, policies=[reads_the_body])
async def test_a_slow_body_that_a_policy_wants(wire: Wire) -> None:
    client = await wire.send(_LARGE_POST)
    for _ in range(8):
        await turns(20)
        wire.gateway.advance(1)
        client.send(b"x")
    assert (await client.message()).status == 408
    assert wire.backend.accepted == 0


@scenario(limits={"min_read_rate": 240, "rate_grace": "5s", "body_idle": "30s"})
async def test_an_answer_that_is_read_byte_by_byte(wire: Wire) -> None:
    """A slow-read attack: the window opens a little now and then, so that the connection never stands still."""
    client = await wire.connect(receive_buffer=4096)
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK)
    await backend.flood(b"10000\r\n" + b"x" * 65536 + b"\r\n", _MUCH)
    seconds = 0
    while wire.gateway.connections and seconds < 3600:
        await turns(5)
        wire.gateway.advance(29)
        seconds += 29
        if client.received():
            await client.exactly(min(100, len(client.received())))
    assert seconds < 3600
    assert wire.last_record["code"] == "client-timeout"
    assert await backend.is_gone()


@scenario(limits={"min_read_rate": 240, "rate_grace": "5s", "body_idle": "30s"})
async def test_a_client_that_reads_slowly_but_surely_gets_all(wire: Wire) -> None:
    client = await wire.connect(receive_buffer=4096)
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    total = 2 * 1024 * 1024
    backend.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
    sent = 0
    await client.head()
    for _ in range(64):
        sent += await backend.flood(b"x" * 32768, min(32768, total - sent))
        await client.exactly(total // 64)
        wire.gateway.advance(20)
    assert wire.gateway.connections == 1
    assert wire.last_record["status"] == 200


@scenario(upstream={"max_connections": 4})
async def test_slow_bodies_leave_connections_to_others(wire: Wire) -> None:
    """Half of the connections may wait for clients; without that, four of them would stop everybody."""
    slow = [await wire.send(CHUNKED_POST) for _ in range(2)]
    backends = [await wire.backend.accept() for _ in slow]
    third = await wire.send(CHUNKED_POST)
    answer = await third.message()
    assert (answer.status, answer.code) == (503, "upstream-busy")
    assert answer.get(b"retry-after") is not None
    quick = [await wire.send(GET), await wire.send(post(b"whole"))]
    for client in quick:
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
    slow[0].send(b"0\r\n\r\n")
    await backends[0].message()
    fourth = await wire.send(CHUNKED_POST, chunk(b"now there is room"))
    await turns()
    assert fourth.received() == b""


@pytest.mark.parametrize("ending", ["client", "backend", "early answer"])
def test_the_place_of_a_slow_body_is_given_back(ending: str) -> None:
    @scenario(upstream={"max_connections": 2})
    async def script(wire: Wire) -> None:
        for _ in range(3):
            client = await wire.send(CHUNKED_POST, chunk(b"a"))
            backend = await wire.backend.accept()
            await backend.head()
            if ending == "client":
                client.reset()
            elif ending == "backend":
                backend.reset()
            else:
                backend.send(OK)
                await client.message()
            await turns(50)

    script()


@scenario(limits={"request_buffer": "16KiB"})
async def test_a_body_of_known_length_takes_no_connection_before_it_is_there(wire: Wire) -> None:
    small = post(b"hello")
    client = await wire.send(small[:-1])
    await turns()
    assert wire.backend.accepted == 0
    client.send(small[-1:])
    backend = await wire.backend.accept()
    assert (await backend.message()).body == b"hello"
    large = await wire.send(_HEAD[:-1])
    await turns()
    assert wire.backend.accepted == 1
    large.send(b"x")
    await (await wire.backend.accept()).head()


@scenario(limits={"body_idle": "30s", "min_body_rate": 0})
async def test_the_rest_of_a_small_body_does_not_come(wire: Wire) -> None:
    client = await wire.send(post(b"hello")[:-1])
    await turns(20)
    wire.gateway.advance(31)
    assert (await client.message()).status == 408
    assert wire.backend.accepted == 0


@scenario(limits={"request_buffer": "16KiB"})
async def test_the_client_of_a_small_body_leaves(wire: Wire) -> None:
    client = await wire.send(post(b"hello")[:-1])
    await turns(20)
    client.half_close()
    assert await client.is_gone()
    assert wire.backend.accepted == 0
    assert wire.last_record["code"] == "client-closed"
