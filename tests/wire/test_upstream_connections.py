"""Connections to backends: how long they are kept, Unix sockets, IPv6, and who the client is by the PROXY protocol."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hotgate.upstream.dial import Dialer
from wire.peer import Peer, turns
from wire.samples import GET, OK, ok
from wire.scenario import Wire, scenario


async def _one(wire: Wire, client: Peer, backend: Peer) -> None:
    client.send(GET)
    await backend.message()
    backend.send(OK)
    await client.message()


@scenario(upstream={"max_requests": 2})
async def test_a_connection_serves_so_many_requests(wire: Wire) -> None:
    client = await wire.connect()
    for _ in range(2):
        client.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(OK)
        await client.message()
        await _one(wire, client, backend)
        assert await backend.is_gone()


@scenario(upstream={"max_age": "100s"})
async def test_a_connection_grows_old(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    await client.message()
    wire.gateway.advance(50)
    await _one(wire, client, backend)
    wire.gateway.advance(50)
    await _one(wire, client, backend)
    assert await backend.is_gone()


@scenario(upstream={"targets": ["http://[::1]:9", "http://127.0.0.1:9"], "host": "upstream"})
async def test_ipv6_targets(wire: Wire) -> None:
    listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
    target = wire.gateway.compiled.upstreams["api"].targets[0]
    assert (target.name, target.authority, target.addresses) == ("http://[::1]:9", b"[::1]:9", ("::1",))
    async with _listener(listening) as accepted:
        target._dialer = Dialer("::1", listening.getsockname()[1])
        client = await wire.send(GET)
        backend = await accepted.get()
        assert (await backend.message()).get(b"host") == b"[::1]:9"
        backend.send(OK)
        assert (await client.message()).status == 200


@pytest.mark.parametrize("form", ["unix:{}", "unix://{}"])
@pytest.mark.parametrize("host", ["preserve", "upstream"])
def test_unix_sockets(form: str, host: str, tmp_path: Path) -> None:
    path = tmp_path / "app.sock"

    @scenario(upstream={"targets": [form.format(path)], "host": host})
    async def script(wire: Wire) -> None:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen()
        async with _listener(listening) as accepted:
            client = await wire.send(GET)
            backend = await accepted.get()
            assert (await backend.message()).get(b"host") == (b"localhost" if host == "upstream" else b"a.example")
            backend.send(OK)
            assert (await client.message()).status == 200
            client.send(GET)
            await backend.message()
            backend.send(ok(b"again"))
            assert (await client.message()).body == b"again"

    script()


def test_a_unix_socket_that_is_not_there(tmp_path: Path) -> None:
    @scenario(upstream={"targets": [f"unix:{tmp_path}/none.sock"]})
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        answer = await client.message()
        assert answer.code == "upstream-connect-failed"
        assert b"none.sock" not in answer.body
        assert wire.last_record["log_detail"] == f"unix:{tmp_path}/none.sock: No such file or directory"

    script()


@scenario(upstream={"proxy_protocol": "v1"})
async def test_each_client_has_connections_of_its_own(wire: Wire) -> None:
    ports = set()
    for _ in range(2):
        client = await wire.send(GET)
        port = client._writer.get_extra_info("sockname")[1]
        backend = await wire.backend.accept()
        header = await backend.until(b"\r\n")
        assert header == f"PROXY TCP4 127.0.0.1 127.0.0.1 {port} {wire.gateway.port}\r\n".encode()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
        assert await backend.is_gone()
        ports.add(port)
    assert len(ports) == 2


@scenario(upstream={"proxy_protocol": "v2"}, listener={"trusted_proxies": ["127.0.0.1"]})
async def test_the_client_is_the_one_that_policies_see(wire: Wire) -> None:
    client = await wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 2001:db8::7\r\n\r\n")
    backend = await wire.backend.accept()
    assert await backend.exactly(16) == b"\r\n\r\n\0\r\nQUIT\n\x21\x21" + struct.pack(">H", 36)
    source, destination = await backend.exactly(16), await backend.exactly(16)
    assert socket.inet_ntop(socket.AF_INET6, source) == "2001:db8::7"
    assert socket.inet_ntop(socket.AF_INET6, destination) == "::ffff:127.0.0.1"
    assert struct.unpack(">HH", await backend.exactly(4)) == (0, wire.gateway.port)
    await backend.message()
    backend.send(OK)
    assert (await client.message()).status == 200


@scenario(upstream={"proxy_protocol": "v1", "max_connections": 1})
async def test_a_connection_made_for_a_client_that_left_serves_nobody_else(wire: Wire) -> None:
    leaver = await wire.send(GET)
    await turns(1)
    leaver.reset()
    stayer = await wire.send(GET)
    port = stayer._writer.get_extra_info("sockname")[1]
    while True:
        backend = await wire.backend.accept()
        header = await backend.until(b"\r\n")
        if f" {port} ".encode() in header:
            break
    await backend.message()
    backend.send(OK)
    assert (await stayer.message()).status == 200


@scenario(upstream={"timeouts": {"connect": "50ms"}})
async def test_a_backend_that_never_accepts(wire: Wire) -> None:
    """Its queue is full, so the kernel drops what asks for a connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as black_hole:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(black_hole.getsockname())
        target = wire.gateway.compiled.upstreams["api"].targets[0]
        target._dialer = Dialer("127.0.0.1", black_hole.getsockname()[1])
        client = await wire.send(GET)
        answer = await client.message()
        assert (answer.status, answer.code) == (504, "upstream-connect-timeout")
        for filler in fillers:
            filler.close()


@asynccontextmanager
async def _listener(listening: socket.socket) -> AsyncIterator[asyncio.Queue[Peer]]:
    accepted: asyncio.Queue[Peer] = asyncio.Queue()
    peers: list[Peer] = []

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(Peer(reader, writer))
        accepted.put_nowait(peers[-1])

    start = asyncio.start_unix_server if listening.family == socket.AF_UNIX else asyncio.start_server
    server = await start(take, sock=listening)
    yield accepted
    server.close()
    for peer in peers:
        peer.close()
