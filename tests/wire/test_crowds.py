"""Many clients, or one with many connections: those who are served stay served, the others are told."""

import asyncio
import socket
import struct
from typing import Any

import pytest

from wire.peer import Peer, turns
from wire.samples import CHUNKED_POST, GET, OK, get
from wire.scenario import Wire, scenario


async def _connected_from(wire: Wire, address: str, *, to: str = "127.0.0.1") -> Peer:
    connecting = socket.socket()
    connecting.setblocking(False)
    connecting.bind((address, 0))
    await asyncio.get_running_loop().sock_connect(connecting, (to, wire.gateway.port))
    client = Peer(*await asyncio.open_connection(sock=connecting))
    wire.clients.append(client)
    return client


async def _is_served(wire: Wire, client: Peer) -> bool:
    client.send(GET)
    backend = await wire.backend.only()
    await backend.message()
    backend.send(OK)
    return (await client.message()).status == 200


def _refused(wire: Wire) -> dict[str, int]:
    counts = wire.gateway.plane.metrics_snapshot()["counters"]["connections_refused"]
    return {reason: count for reason, count in counts.items() if count}


@scenario(limits={"max_connections": 2})
async def test_too_many_connections(wire: Wire) -> None:
    kept = [await wire.connect() for _ in range(2)]
    await turns(20)
    extra = await wire.connect()
    answer = await extra.message()
    assert (answer.status, answer.code, answer.closes) == (503, "too-many-connections", True)
    assert _refused(wire) == {"too-many": 1}
    assert await _is_served(wire, kept[0])
    extra.close()
    kept[1].close()
    await turns(20)
    assert await _is_served(wire, await wire.connect())


@scenario(limits={"max_connections_per_address": 2})
async def test_too_many_connections_of_one_address(wire: Wire) -> None:
    kept = [await _connected_from(wire, "127.0.0.2") for _ in range(2)]
    await turns(20)
    extra = await _connected_from(wire, "127.0.0.2")
    assert (await extra.message()).code == "too-many-connections"
    assert _refused(wire) == {"per-address": 1}
    assert await _is_served(wire, await _connected_from(wire, "127.0.0.3"))
    kept[0].close()
    await turns(20)
    assert await _is_served(wire, await _connected_from(wire, "127.0.0.2"))


@scenario(limits={"max_connections_per_address": 1}, listener={"trusted_proxies": ["127.0.0.0/8"]})
async def test_a_trusted_proxy_has_many_connections(wire: Wire) -> None:
    clients = [await wire.connect() for _ in range(5)]
    for client in clients:
        assert await _is_served(wire, client)


@scenario(limits={"max_connections": 50})
async def test_a_burst_of_connections_leaves_others_served(wire: Wire) -> None:
    served = await wire.connect()
    assert await _is_served(wire, served)
    burst = [await _connected_from(wire, f"127.0.0.{2 + number % 100}") for number in range(1500)]
    await turns(100)
    assert wire.gateway.plane._context.admission.lingering <= 256
    assert await _is_served(wire, served)
    answers = [client.received()[:12] for client in burst]
    assert answers.count(b"HTTP/1.1 503") == sum(_refused(wire).values()) == 1500 - 49
    for client in burst:
        client.reset()
    await turns(100)
    assert await _is_served(wire, await wire.connect())


@scenario(limits={"max_requests_per_connection": 2})
async def test_requests_of_one_connection(wire: Wire) -> None:
    client = await wire.send(GET, GET, get("/third"))
    backend = await wire.backend.accept()
    answers = []
    for _ in range(2):
        assert (await backend.message()).start == b"GET / HTTP/1.1"
        backend.send(OK)
        answers.append((await client.message()).closes)
    assert answers == [False, True]
    assert await client.rest() == b""
    await turns()
    assert backend.received() == b""


@scenario(limits={"max_requests_per_connection": 1})
async def test_the_last_request_may_have_a_body(wire: Wire) -> None:
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
    await turns(20)
    client.send(b"llo", GET)
    backend = await wire.backend.accept()
    assert (await backend.message()).body == b"hello"
    backend.send(OK)
    assert (await client.message()).closes
    assert await client.rest() == b""


@scenario(limits={"max_requests_per_connection": 2})
async def test_the_last_request_may_be_malformed(wire: Wire) -> None:
    client = await wire.send(GET, CHUNKED_POST, b"x\r\n")
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await client.message()).status == 200
    assert (await client.message()).status == 400
    client.send(GET)
    assert b"HTTP/1.1" not in await client.rest()


@pytest.mark.parametrize("answered", [True, False])
def test_requests_of_a_route_at_once(answered: bool) -> None:
    @scenario(route={"max_concurrent": 1})
    async def script(wire: Wire) -> None:
        first = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        second = await wire.send(GET)
        answer = await second.message()
        assert (answer.status, answer.code) == (503, "route-busy")
        assert answer.get(b"retry-after") in (b"1", b"2")
        if answered:
            backend.send(OK)
            await first.message()
        else:
            first.reset()
        await turns()
        second.send(GET)
        last = backend if answered else await wire.backend.accept()
        await last.message()
        last.send(OK)
        assert (await second.message()).status == 200

    script()


def _reset_after(data: bytes, port: int) -> None:
    """A client that is gone before the gateway looks: the kernel keeps what it sent, but not who it was."""
    with socket.create_connection(("127.0.0.1", port)) as connected:
        connected.sendall(data)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("listener", "sent"),
    [({}, GET), ({"proxy_protocol": {"from": ["127.0.0.0/8"]}}, b"PROXY UNKNOWN\r\n" + GET)],
)
def test_nothing_is_asked_in_the_name_of_nobody(listener: dict[str, Any], sent: bytes) -> None:
    @scenario(listener=listener)
    async def script(wire: Wire) -> None:
        for _ in range(20):
            _reset_after(sent, wire.gateway.port)
        client = await wire.send(sent)
        backend = await wire.backend.only()
        assert (await backend.message()).get(b"x-forwarded-for") == b"127.0.0.1"
        backend.send(OK)
        await client.message()
        await wire.until_connected(1)
        assert [record["client"] for record in wire.gateway.records.lines] == ["127.0.0.1"]

    script()
