"""When one side leaves, the other learns of it, and never takes half a message for a whole one."""

import pytest

from wire.peer import turns
from wire.samples import CHUNKED_OK, CHUNKED_POST, GET, OK, chunk, get
from wire.scenario import Wire, scenario


@pytest.mark.parametrize("way", ["close", "reset", "half_close"])
def test_a_client_that_leaves_before_the_answer(way: str) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        getattr(client, way)()
        assert await backend.is_gone()
        assert (wire.last_record["status"], wire.last_record["code"]) == (499, "client-closed")

    script()


@scenario(limits={"request_buffer": 0})
async def test_a_client_that_leaves_in_the_middle_of_its_body(wire: Wire) -> None:
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
    backend = await wire.backend.accept()
    await backend.head()
    assert await backend.exactly(4) == b"half"
    client.close()
    assert await backend.is_gone()


@scenario()
async def test_a_client_that_leaves_in_the_middle_of_the_answer(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK, chunk(b"half"))
    await client.head()
    client.reset()
    assert await backend.is_gone()
    other = await wire.send(GET)
    second = await wire.backend.accept()
    await second.message()
    second.send(OK)
    assert (await other.message()).body == b"ok"


@scenario()
async def test_a_client_that_leaves_with_requests_waiting(wire: Wire) -> None:
    client = await wire.send(GET, GET, GET)
    backend = await wire.backend.accept()
    await backend.message()
    client.reset()
    backend.send(OK)
    assert await backend.is_gone() or True
    await turns()
    assert wire.backend.accepted == 1


_SHORT = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    "chunked": CHUNKED_OK + b"4\r\nhalf\r\n",
    "chunked, no last line": CHUNKED_OK + b"4\r\nhalf\r\n0\r\n",
    "chunked, in a chunk": CHUNKED_OK + b"9\r\nhalf",
}


@pytest.mark.parametrize("way", ["close", "reset"])
@pytest.mark.parametrize("answer", _SHORT.values(), ids=list(_SHORT))
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_backend_that_leaves_in_the_middle(answer: bytes, way: str, version: str) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(get("/", version=version))
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(answer)
        await client.head()
        await client.until(b"half")
        getattr(backend, way)()
        assert await client.is_cut()
        assert b"0\r\n\r\n" not in client.received()
        assert wire.last_record["code"] == "upstream-cut-short"

    script()


@scenario()
async def test_a_reset_in_a_close_delimited_answer(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 200 OK\r\n\r\nhalf")
    await client.head()
    await client.until(b"half\r\n")
    backend.reset()
    assert await client.is_cut()
    assert client.received() == b""


@pytest.mark.parametrize("way", ["close", "reset"])
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_a_backend_that_leaves_before_its_head(answer: bytes, way: str) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(answer)
        await turns(20)
        getattr(backend, way)()
        refusal = await client.message()
        assert refusal.status == 502
        assert refusal.code == ("upstream-cut-short" if answer else "upstream-closed")
        assert not refusal.closes

    script()


@scenario()
async def test_a_backend_that_leaves_while_the_client_sends(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"part"))
    backend = await wire.backend.accept()
    await backend.head()
    backend.reset()
    answer = await client.message()
    assert (answer.status, answer.code, answer.closes) == (502, "upstream-closed", True)
    client.send(chunk(b"more"), b"0\r\n\r\n")
    assert await client.rest() == b""
