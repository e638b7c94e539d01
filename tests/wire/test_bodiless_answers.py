"""A body that a faulty backend sends where HTTP allows none must not become the start of somebody else's answer."""

import logging

import pytest

from wire.peer import Peer, turns
from wire.samples import GET, OK, get, ok
from wire.scenario import Wire, scenario

_HEAD = get("/").replace(b"GET", b"HEAD")
_POISON = ok(b"poison")
_ANSWERS = {
    "HEAD": (_HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
    "204": (GET, b"HTTP/1.1 204 No Content\r\n\r\n"),
    "304": (GET, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"),
}
_each = pytest.mark.parametrize(("request_bytes", "answer"), _ANSWERS.values(), ids=list(_ANSWERS))


async def _answered(wire: Wire, request_bytes: bytes, answer: bytes) -> tuple[Peer, Peer]:
    client = await wire.send(request_bytes)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(answer)
    await client.head()
    return client, backend


async def _is_served_elsewhere(wire: Wire, client: Peer) -> Peer:
    other = await wire.backend.accept()
    await other.message()
    other.send(OK)
    assert (await client.message()).body == b"ok"
    return other


@_each
def test_the_connection_is_used_again(request_bytes: bytes, answer: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client, backend = await _answered(wire, request_bytes, answer)
        for body in (b"soon", b"later"):
            client.send(GET)
            await backend.message()
            backend.send(ok(body))
            assert (await client.message()).body == body
            wire.gateway.advance(1)
        assert wire.backend.accepted == 1

    script()


@_each
def test_one_that_is_beyond_doubt_is_used_first(request_bytes: bytes, answer: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        sound = await wire.backend.accept()
        await sound.message()
        await _answered(wire, request_bytes, answer)
        for _ in range(2):
            sound.send(OK)
            assert (await client.message()).status == 200
            client.send(GET)
            await sound.message()
        assert wire.backend.accepted == 2

    script()


@_each
@pytest.mark.parametrize("is_client_first", [True, False])
def test_bytes_that_come_with_the_next_request(request_bytes: bytes, answer: bytes, is_client_first: bool) -> None:
    """Both arrive in one round of the event loop: the kernel has the poison, whichever is read first."""

    @scenario()
    async def script(wire: Wire) -> None:
        client, backend = await _answered(wire, request_bytes, answer)
        if is_client_first:
            client.send(GET)
            backend.send(_POISON)
        else:
            backend.send(_POISON)
            client.send(GET)
        await _is_served_elsewhere(wire, client)
        assert client.received() == b""

    script()


@_each
@pytest.mark.parametrize("at_once", [True, False])
def test_a_backend_that_was_caught_once_is_not_trusted_again(
    request_bytes: bytes, answer: bytes, at_once: bool, caplog: pytest.LogCaptureFixture
) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client, backend = await _answered(wire, request_bytes, answer + _POISON * at_once)
        if not at_once:
            backend.send(_POISON)
        assert await backend.is_gone()
        client.send(request_bytes)
        other = await wire.backend.accept()
        await other.message()
        other.send(answer)
        await client.head()
        assert await other.is_gone()
        client.send(GET)
        await _is_served_elsewhere(wire, client)

    with caplog.at_level(logging.WARNING):
        script()
    (warning,) = [record for record in caplog.records if record.name == "hotgate.upstream"]
    assert "sends a body where HTTP allows none" in warning.getMessage()


@scenario()
async def test_a_connection_that_the_backend_closes_while_it_rests(wire: Wire) -> None:
    client, backend = await _answered(wire, *_ANSWERS["304"])
    backend.end_at_once()
    client.send(GET)
    await _is_served_elsewhere(wire, client)


@scenario(upstream={"idle_timeout": "10s"})
async def test_resting_connections_end_like_others(wire: Wire) -> None:
    _, backend = await _answered(wire, *_ANSWERS["204"])
    wire.gateway.advance(1)
    wire.gateway.advance(11)
    await turns(20)
    assert await backend.is_gone()
