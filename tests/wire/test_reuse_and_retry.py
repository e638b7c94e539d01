"""A connection that died while idle costs nothing (RFC 9112 §9.3.1), and nothing is sent twice that must not be."""

import pytest

from wire.peer import Peer, turns
from wire.samples import GET, OK, ok, post
from wire.scenario import Wire, scenario


async def _warm(wire: Wire) -> tuple[Peer, Peer]:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await client.message()
    return client, backend


@scenario()
async def test_a_connection_that_the_backend_closed_while_idle(wire: Wire) -> None:
    client, backend = await _warm(wire)
    backend.close()
    await turns(20)
    client.send(post(b"body"))
    other = await wire.backend.accept()
    await other.message()
    other.send(OK)
    assert (await client.message()).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "PUT"])
@pytest.mark.parametrize("way", ["close", "reset"])
def test_a_stale_connection_is_tried_once_more_if_that_is_safe(method: str, way: str) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client, backend = await _warm(wire)
        request = f"{method} /again HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        client.send(request)
        await backend.message()
        getattr(backend, way)()
        other = await wire.backend.accept()
        assert (await other.message()).start == f"{method} /again HTTP/1.1".encode()
        other.send(ok(b""))
        assert (await client.head()).status == 200
        assert wire.backend.accepted == 2

    script()


@pytest.mark.parametrize(
    "request_bytes",
    [post(b"body"), b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", b"PATCH / HTTP/1.1\r\nHost: a\r\n\r\n"],
)
def test_a_post_is_never_sent_twice(request_bytes: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client, backend = await _warm(wire)
        client.send(request_bytes)
        await backend.head()
        backend.close()
        answer = await client.message()
        assert (answer.status, answer.code) == (502, "upstream-closed")
        assert wire.backend.accepted == 1

    script()


@scenario()
async def test_only_once_more(wire: Wire) -> None:
    client, backend = await _warm(wire)
    client.send(GET)
    await backend.message()
    backend.close()
    other = await wire.backend.accept()
    await other.message()
    other.close()
    assert (await client.message()).code == "upstream-closed"
    assert wire.backend.accepted == 2


@scenario()
async def test_not_after_the_first_byte_of_an_answer(wire: Wire) -> None:
    client, backend = await _warm(wire)
    client.send(GET)
    await backend.message()
    backend.send(b"HTTP/1.1 2")
    await turns(20)
    backend.close()
    assert (await client.message()).code == "upstream-cut-short"
    assert wire.backend.accepted == 1


@scenario()
async def test_a_fresh_connection_is_not_tried_again(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.close()
    assert (await client.message()).code == "upstream-closed"
    assert wire.backend.accepted == 1


@scenario()
async def test_a_backend_that_is_not_there(wire: Wire) -> None:
    wire.backend.refuse_connections()
    client = await wire.send(GET)
    answer = await client.message()
    assert (answer.status, answer.code) == (502, "upstream-connect-failed")
    assert b"127.0.0.1" not in answer.body
    assert not answer.closes
    client.send(GET)
    assert (await client.message()).status == 502


@scenario(upstream={"idle_timeout": "10s"})
async def test_idle_connections_are_closed_in_time(wire: Wire) -> None:
    wire.gateway.advance(1)
    _, backend = await _warm(wire)
    wire.gateway.advance(9)
    await turns(20)
    wire.gateway.advance(2)
    assert await backend.is_gone()


@scenario(upstream={"max_connections": 1})
async def test_a_full_pool_queues(wire: Wire) -> None:
    first = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    second = await wire.send(GET)
    await turns()
    assert wire.backend.accepted == 1
    backend.send(ok(b"first"))
    assert (await first.message()).body == b"first"
    await backend.message()
    backend.send(ok(b"second"))
    assert (await second.message()).body == b"second"
    assert wire.backend.accepted == 1


@scenario(upstream={"max_connections": 1, "timeouts": {"connect": "2s"}})
async def test_waiting_for_a_connection_has_an_end(wire: Wire) -> None:
    await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    second = await wire.send(GET)
    await turns(20)
    wire.gateway.advance(3)
    answer = await second.message()
    assert (answer.status, answer.code) == (503, "upstream-busy")
    assert answer.get(b"retry-after") == b"1"


@scenario(upstream={"max_connections": 1})
async def test_a_client_that_leaves_the_queue_is_forgotten(wire: Wire) -> None:
    first = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    leaver = await wire.send(GET)
    await turns(20)
    third = await wire.send(GET)
    await turns(20)
    leaver.reset()
    await turns(20)
    backend.send(OK)
    await first.message()
    await backend.message()
    backend.send(ok(b"third"))
    assert (await third.message()).body == b"third"


@scenario(upstream={"max_connections": 1})
async def test_a_connection_that_fails_makes_room(wire: Wire) -> None:
    first = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    second = await wire.send(GET)
    await turns(20)
    backend.reset()
    assert (await first.message()).status == 502
    other = await wire.backend.accept()
    await other.message()
    other.send(OK)
    assert (await second.message()).status == 200
