"""An exchange that is over leaves no reference cycle: what only the garbage collector frees waits long for it."""

import pytest

from hotgate import Exchange, policy
from hotgate.upstream.answer_reader import AnswerReader
from wire.leftovers import no_collection, objects, relays
from wire.peer import Peer, turns
from wire.samples import CHUNKED_POST, GET, OK, chunk, get, post
from wire.scenario import Wire, scenario

pytestmark = pytest.mark.usefixtures(no_collection.__name__)

_UNFINISHED = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n"


@policy(phase="respond")
def looks(exchange: Exchange) -> None:
    """Nothing."""


async def exchanged(wire: Wire, request: bytes) -> Peer:
    client = await wire.send(request)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await client.message()
    return client


@pytest.mark.parametrize("request_bytes", [GET, post(b"body"), CHUNKED_POST + chunk(b"x") + b"0\r\n\r\n"])
@pytest.mark.parametrize("policies", [(), (looks,)], ids=["plain", "response step"])
def test_answered(request_bytes: bytes, policies: tuple[object, ...]) -> None:
    @scenario(policies=policies)  # type: ignore[arg-type]
    async def script(wire: Wire) -> None:
        await exchanged(wire, request_bytes)
        await turns(20)
        assert relays() == 0

    script()


@pytest.mark.parametrize("begun", [GET, _UNFINISHED, _UNFINISHED + b"x" * 17_000, CHUNKED_POST, get("/", "Upgrade: x")])
def test_left_by_its_client(begun: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(begun)
        await turns(20)
        client.reset()
        await turns(20)
        assert wire.gateway.connections == 0
        assert (relays(), objects(AnswerReader)) == (0, 0)

    script()


@scenario(route={"max_body": "1KB"})
async def test_refused(wire: Wire) -> None:
    client = await wire.send(_UNFINISHED)
    assert (await client.message()).status == 413
    client.close()
    await turns(20)
    assert relays() == 0
