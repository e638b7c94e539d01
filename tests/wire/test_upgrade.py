"""`Upgrade` (RFC 9110 §7.8): WebSocket becomes a tunnel, everything else is ignored."""

import pytest

from wire.peer import turns
from wire.samples import GET, OK, get
from wire.scenario import Wire, scenario

_HANDSHAKE = get("/chat", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: abc")
_SWITCHED = b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: def\r\n\r\n"


@scenario()
async def test_a_tunnel(wire: Wire) -> None:
    client = await wire.send(_HANDSHAKE)
    backend = await wire.backend.accept()
    request = await backend.head()
    assert request.get(b"upgrade") == b"websocket"
    assert request.get(b"connection") == b"upgrade"
    assert request.get(b"sec-websocket-key") == b"abc"
    backend.send(_SWITCHED)
    answer = await client.head()
    assert answer.status == 101
    assert answer.get(b"upgrade") == b"websocket"
    assert answer.get(b"sec-websocket-accept") == b"def"
    client.send(b"\x81\x05hello")
    assert await backend.exactly(7) == b"\x81\x05hello"
    backend.send(b"GET / HTTP/1.1\r\n\r\n")
    assert await client.exactly(18) == b"GET / HTTP/1.1\r\n\r\n"
    client.send(GET)
    assert await backend.exactly(len(GET)) == GET


@scenario()
async def test_bytes_that_come_with_the_handshake(wire: Wire) -> None:
    client = await wire.send(_HANDSHAKE, b"early")
    backend = await wire.backend.accept()
    await backend.head()
    client.send(b" and more")
    await turns()
    assert backend.received() == b""  # not before it has agreed
    backend.send(_SWITCHED, b"at once")
    await client.head()
    assert await client.exactly(7) == b"at once"
    assert await backend.exactly(14) == b"early and more"


@scenario()
async def test_either_side_ends_it(wire: Wire) -> None:
    for ends_first in ("client", "backend"):
        client = await wire.send(_HANDSHAKE)
        backend = await wire.backend.accept()
        await backend.head()
        backend.send(_SWITCHED)
        await client.head()
        if ends_first == "client":
            client.send(b"bye")
            client.close()
            assert await backend.exactly(3) == b"bye"
            assert await backend.is_gone()
        else:
            backend.send(b"bye")
            backend.close()
            assert await client.rest() == b"bye"
        assert wire.last_record["status"] == 101


@scenario()
async def test_it_may_be_idle_for_an_hour(wire: Wire) -> None:
    client = await wire.send(_HANDSHAKE)
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(_SWITCHED)
    await client.head()
    for _ in range(3):
        wire.gateway.advance(3000)
        client.send(b"ping")
        assert await backend.exactly(4) == b"ping"
    wire.gateway.advance(3601)
    assert await client.is_gone()
    assert await backend.is_gone()


@scenario()
async def test_a_refused_handshake_is_an_answer(wire: Wire) -> None:
    client = await wire.send(_HANDSHAKE, b"not HTTP")
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(b"HTTP/1.1 403 X\r\nContent-Length: 2\r\n\r\nno")
    answer = await client.message()
    assert (answer.status, answer.body) == (403, b"no")
    assert await client.rest() == b""
    await turns()
    assert backend.received() == b""


@pytest.mark.parametrize(
    "fields",
    [
        ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
        ("Connection: Upgrade", "Upgrade: websocket, h2c"),
        ("Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"),
        ("Upgrade: websocket",),
    ],
)
@pytest.mark.parametrize("body", ["", "length", "empty", "chunked"])
def test_other_upgrades_are_ignored(fields: tuple[str, ...], body: str) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        framing = {
            "": (b"", b""),
            "length": (b"Content-Length: 4\r\n", b"body"),
            "empty": (b"Content-Length: 0\r\n", b""),
            "chunked": (b"Transfer-Encoding: chunked\r\n", b"4\r\nbody\r\n0\r\n\r\n"),
        }[body]
        head = get("/", *fields)[:-2] + framing[0] + b"\r\n"
        client = await wire.send(head, framing[1], GET)
        backend = await wire.backend.accept()
        request = await backend.message()
        assert request.get(b"upgrade") is None
        assert request.get(b"connection") is None
        assert request.get(b"http2-settings") is None
        assert request.body == (b"body" if body in ("length", "chunked") else b"")
        backend.send(OK)
        assert (await client.message()).body == b"ok"
        assert (await backend.message()).start == b"GET / HTTP/1.1"
        backend.send(OK)
        assert (await client.message()).body == b"ok"

    script()


@scenario()
async def test_many_ignored_upgrades_in_one_read(wire: Wire) -> None:
    client = await wire.send(get("/", "Connection: Upgrade", "Upgrade: h2c") * 20)
    backend = await wire.backend.accept()
    for _ in range(20):
        await backend.message()
        backend.send(OK)
        assert (await client.message()).body == b"ok"


@scenario(
    limits={"max_pipelined": 1000},
    routes=[{"name": "fixed", "match": {"path": "/*"}, "public": True, "respond": {"body": "fixed"}}],
)
async def test_a_thousand_ignored_upgrades_in_one_read(wire: Wire) -> None:
    client = await wire.send(get("/", "Connection: Upgrade", "Upgrade: h2c") * 900)
    for _ in range(900):
        assert (await client.message()).body == b"fixed"


@scenario()
async def test_an_upgrade_with_a_body_is_refused(wire: Wire) -> None:
    client = await wire.send(_HANDSHAKE[:-2], b"Content-Length: 4\r\n\r\nbody")
    answer = await client.message()
    assert (answer.status, answer.code) == (400, "upgrade-invalid")
    assert wire.backend.accepted == 0


@pytest.mark.parametrize("request_bytes", [GET, get("/", "Connection: Upgrade", "Upgrade: h2c")])
def test_101_without_being_asked(request_bytes: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(request_bytes)
        backend = await wire.backend.accept()
        await backend.head()
        backend.send(_SWITCHED)
        answer = await client.message()
        assert (answer.status, answer.code) == (502, "upstream-invalid-answer")
        assert await backend.is_gone()

    script()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 X\r\n\r\n",
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    ],
)
def test_101_to_something_else(answer: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(_HANDSHAKE)
        backend = await wire.backend.accept()
        await backend.head()
        backend.send(answer)
        assert (await client.message()).code == "upstream-invalid-answer"

    script()


@scenario()
async def test_a_method_other_than_get_is_no_websocket(wire: Wire) -> None:
    client = await wire.send(_HANDSHAKE.replace(b"GET", b"HEAD"))
    assert (await client.head()).status == 400
    assert wire.backend.accepted == 0


@scenario()
async def test_connect_is_refused(wire: Wire) -> None:
    client = await wire.send(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", GET)
    assert (await client.message()).status == 501
    assert await client.rest() == b""
    assert wire.backend.accepted == 0


@pytest.mark.parametrize("floods", ["client", "backend"])
def test_a_tunnel_has_back_pressure_both_ways(floods: str) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.connect(receive_buffer=8192)
        client.send(_HANDSHAKE)
        backend = await wire.backend.accept()
        await backend.head()
        backend.send(_SWITCHED)
        await client.head()
        sender, receiver = (client, backend) if floods == "client" else (backend, client)
        taken = await sender.flood(b"x" * 65536, 64 * 1024 * 1024)
        assert taken < 16 * 1024 * 1024
        assert len(await receiver.exactly(taken)) == taken
        receiver.send(b"still open")
        assert await sender.exactly(10) == b"still open"

    script()
