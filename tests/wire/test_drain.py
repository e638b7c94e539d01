"""A worker that goes down: nothing is cut before its time, and who listens without end is told."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from wire.peer import Peer, turns
from wire.samples import CHUNKED_OK, GET, OK, chunk, get
from wire.scenario import Wire, scenario

HANDSHAKE = get("/chat", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: abc")
SWITCHED = b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: def\r\n\r\n"
GOING_AWAY = b"\x88\x02\x03\xe9"
DRAIN = 60.0  # seconds, which no script waits for


@asynccontextmanager
async def draining(wire: Wire, seconds: float = DRAIN) -> AsyncIterator["asyncio.Task[None]"]:
    """The gateway drains during the block; ended after it, if it has not by then."""
    task = asyncio.create_task(wire.gateway.plane.drain(seconds))
    await turns(2)
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def tunnel(wire: Wire) -> tuple[Peer, Peer]:
    """(client, backend) with an open WebSocket between them."""
    client = await wire.send(HANDSHAKE)
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(SWITCHED)
    await client.head()
    return client, backend


@scenario()
async def test_a_websocket_is_told_to_go_and_both_sides_say_goodbye(wire: Wire) -> None:
    client, backend = await tunnel(wire)
    async with draining(wire) as drain:
        wire.gateway.advance(DRAIN * 0.8)
        assert await client.exactly(4) == GOING_AWAY
        client.send(b"\x88\x82mask\x6e\x88")
        assert await backend.exactly(8) == b"\x88\x82mask\x6e\x88"
        backend.send(GOING_AWAY)
        backend.close()
        assert await client.rest() == b""
        client.close()
        await drain
    assert (wire.last_record["status"], wire.last_record.get("code", "")) == (101, "")


@scenario()
async def test_it_is_told_between_two_frames_only(wire: Wire) -> None:
    client, backend = await tunnel(wire)
    backend.send(b"\x81\x05he")
    assert await client.exactly(4) == b"\x81\x05he"
    async with draining(wire):
        wire.gateway.advance(DRAIN * 0.8)
        client.send(b"\x81\x80mask")
        assert await backend.exactly(6) == b"\x81\x80mask"
        backend.send(b"ll")
        assert await client.exactly(2) == b"ll"
        backend.send(b"o\x81\x04more\x81\x01x")
        assert await client.exactly(5) == b"o" + GOING_AWAY
        backend.send(b"\x81\x05after")
        wire.gateway.advance(2.25)
        assert await client.rest() == b""


@scenario()
async def test_a_backend_that_has_said_goodbye_is_not_repeated(wire: Wire) -> None:
    client, backend = await tunnel(wire)
    backend.send(b"\x88\x02\x03\xe8")
    assert await client.exactly(4) == b"\x88\x02\x03\xe8"
    async with draining(wire):
        wire.gateway.advance(DRAIN * 0.8)
        backend.close()
        assert await client.rest() == b""


@scenario()
async def test_a_client_that_says_nothing_is_closed_all_the_same(wire: Wire) -> None:
    client, backend = await tunnel(wire)
    async with draining(wire) as drain:
        wire.gateway.advance(DRAIN * 0.8)
        assert await client.exactly(4) == GOING_AWAY
        for _ in range(8):
            client.send(b"\x81\x80mask")  # it does not even listen
            await backend.exactly(6)
            wire.gateway.advance(0.25)
        wire.gateway.advance(0.25)
        assert await client.rest() == b""
        assert await backend.is_gone()
        client.close()
        await drain


@scenario()
async def test_not_all_are_told_at_once(wire: Wire) -> None:
    random.seed(16)  # any will do, but for one in 30,000
    clients = [(await tunnel(wire))[0] for _ in range(16)]
    async with draining(wire):
        wire.gateway.advance(DRAIN * 0.4)
        await turns(50)
        told = sum(client.received() == GOING_AWAY for client in clients)
        assert 0 < told < 16
        wire.gateway.advance(DRAIN * 0.4)
        for client in clients:
            assert await client.exactly(4) == GOING_AWAY


@scenario()
async def test_a_handshake_that_ends_during_the_drain(wire: Wire) -> None:
    client = await wire.send(HANDSHAKE)
    backend = await wire.backend.accept()
    await backend.head()
    async with draining(wire):
        backend.send(SWITCHED)
        await client.head()
        wire.gateway.advance(DRAIN * 0.8)
        assert await client.exactly(4) == GOING_AWAY


@scenario()
async def test_a_tunnel_that_cannot_be_told_is_cut_at_the_end(wire: Wire) -> None:
    client, backend = await tunnel(wire)
    backend.send(b"\x81\x05he")
    await client.exactly(4)
    await wire.gateway.plane.drain(0.0)
    assert await client.is_cut()
    assert await backend.is_gone()


@scenario()
async def test_a_stream_goes_on_until_the_end_and_is_then_cut_visibly(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK)
    await client.head()
    async with draining(wire):
        for _ in range(3):
            wire.gateway.advance(DRAIN / 4)
            backend.send(chunk(b"event"))
            assert await client.exactly(10) == chunk(b"event")
    await wire.gateway.plane.drain(0.0)
    assert await client.is_cut()


@scenario()
async def test_an_old_client_sees_a_cut_as_well(wire: Wire) -> None:
    """Its answer has no framing but the end of the connection."""
    client = await wire.send(get("/", version="1.0"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK, chunk(b"half"))
    await client.head()
    assert await client.exactly(4) == b"half"
    await wire.gateway.plane.drain(0.0)
    assert await client.is_cut()


@scenario()
async def test_idle_connections_are_closed_and_answers_say_so(wire: Wire) -> None:
    idle, busy = await wire.send(GET), await wire.connect()
    first = await wire.backend.accept()
    await first.message()
    first.send(OK)
    await idle.message()
    busy.send(GET)
    await first.message()
    async with draining(wire) as drain:
        wire.gateway.advance(1.25)
        assert await idle.rest() == b""
        first.send(OK)
        answer = await busy.message()
        assert answer.closes
        assert await busy.rest() == b""
        await drain


@scenario()
async def test_half_an_answer_does_not_look_whole_when_a_drain_is_ended_early(wire: Wire) -> None:
    """Its end is the end of the connection: only a reset tells that this one is not it (RFC 9112 §8)."""
    client = await wire.send(b"GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(CHUNKED_OK)
    await client.head()
    async with draining(wire) as drain:
        drain.cancel()
        await asyncio.gather(drain, return_exceptions=True)
        with pytest.raises(ConnectionResetError):
            await client.rest()
