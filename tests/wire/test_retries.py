"""Retries that the configuration asks for: nothing of an answer that was given up is ever seen."""

import pytest

from wire.gateway import TICK
from wire.peer import turns
from wire.samples import CHUNKED_OK, GET, OK, chunk, get, ok, post
from wire.scenario import Wire, scenario

_ON_503 = {"retries": {"attempts": 2, "on": [503]}}
_BUSY = b"HTTP/1.1 503 X\r\nContent-Length: 4\r\n\r\nbusy"
_BUSY_CHUNKED = b"HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"busy") + b"0\r\n\r\n"


async def _next_tick(wire: Wire) -> None:
    """There is no other target: the same one is left alone until then."""
    await turns(20)
    wire.gateway.advance(TICK)


@pytest.mark.parametrize("busy", [_BUSY, _BUSY_CHUNKED, _BUSY[:-4], b"HTTP/1.1 503 X\r\n\r\n"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_that_is_tried_again_leaves_no_trace(busy: bytes, method: str) -> None:
    @scenario(upstream=_ON_503)
    async def script(wire: Wire) -> None:
        client = await wire.send(f"{method} / HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        first = await wire.backend.accept()
        await first.message()
        first.send(busy)
        await _next_tick(wire)
        second = await wire.backend.accept()
        await second.message()
        second.send(ok(b"fine") if method == "GET" else ok(b""))
        assert (await client.message(to_head=method == "HEAD")).status == 200
        await turns(20)
        assert client.received() == b""
        client.send(GET)
        await second.message()
        second.send(OK)
        assert (await client.message()).body == b"ok"

    script()


@scenario(upstream=_ON_503)
async def test_the_last_answer_is_passed_on(wire: Wire) -> None:
    client = await wire.send(GET)
    for _ in range(2):
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(_BUSY)
        await _next_tick(wire)
    answer = await client.message()
    assert (answer.status, answer.body) == (503, b"busy")
    assert wire.backend.accepted == 2


@scenario(upstream=_ON_503)
async def test_a_post_is_not_tried_again(wire: Wire) -> None:
    client = await wire.send(post(b"body"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(_BUSY)
    assert (await client.message()).status == 503
    assert wire.backend.accepted == 1


@scenario(upstream=_ON_503)
async def test_other_statuses_are_not_tried_again(wire: Wire) -> None:
    client = await wire.send(get("/"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK, chunk(b"ok"), b"0\r\n\r\n")
    assert (await client.message()).body == b"ok"
    assert wire.backend.accepted == 1


@scenario(upstream={**_ON_503, "timeouts": {"head": "10s"}})
async def test_the_second_try_has_a_time_out_of_its_own(wire: Wire) -> None:
    client = await wire.send(GET)
    first = await wire.backend.accept()
    await first.message()
    first.send(_BUSY)
    await _next_tick(wire)
    second = await wire.backend.accept()
    await second.message()
    wire.gateway.advance(11)
    assert (await client.message()).code == "upstream-timeout"
