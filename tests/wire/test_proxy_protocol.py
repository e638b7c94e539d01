"""The PROXY protocol on a listener: who the client is comes from the header, and from the header only."""

import socket
import struct

import pytest

from wire.samples import GET, OK, get
from wire.scenario import Wire, scenario

V1 = b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 80\r\n"
V1_IPV6 = b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\n"
V2_BLOCK = socket.inet_aton("192.0.2.2") + socket.inet_aton("198.51.100.1") + struct.pack("!HH", 4711, 80)
V2_START = b"\r\n\r\n\0\r\nQUIT\n"
V2 = V2_START + struct.pack("!BBH", 0x21, 0x11, 12) + V2_BLOCK
LOCAL = V2_START + struct.pack("!BBH", 0x20, 0x00, 0)
FROM_US = {"proxy_protocol": {"from": ["127.0.0.0/8"]}}
FROM_OTHERS = {"proxy_protocol": {"from": ["10.0.0.0/8"]}}


async def client_seen(wire: Wire, *pieces: bytes) -> tuple[bytes | None, str]:
    """(what the backend is told, what the access log says)."""
    client = await wire.send(*pieces)
    backend = await wire.backend.accept()
    request = await backend.message()
    backend.send(OK)
    assert (await client.message()).body == b"ok"
    return request.get(b"x-forwarded-for"), wire.last_record["client"]


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (V1, "192.0.2.1"),
        (V1_IPV6, "2001:db8::1"),
        (V2, "192.0.2.2"),
        (LOCAL, "127.0.0.1"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    ],
)
def test_the_header_says_who_the_client_is(header: bytes, address: str) -> None:
    @scenario(listener=FROM_US)
    async def script(wire: Wire) -> None:
        assert await client_seen(wire, header, GET) == (address.encode(), address)

    script()


@pytest.mark.parametrize("header", [V1, V2])
def test_a_header_may_come_byte_by_byte(header: bytes) -> None:
    @scenario(listener=FROM_US)
    async def script(wire: Wire) -> None:
        client = await wire.connect()
        await client.send_in_pieces(header + GET)
        backend = await wire.backend.accept()
        assert (await backend.message()).get(b"x-forwarded-for") in (b"192.0.2.1", b"192.0.2.2")

    script()


@scenario(listener=FROM_US)
async def test_all_requests_of_a_connection_are_the_clients(wire: Wire) -> None:
    client = await wire.send(V1, GET)
    backend = await wire.backend.accept()
    for _ in range(3):
        assert (await backend.message()).get(b"x-forwarded-for") == b"192.0.2.1"
        backend.send(OK)
        await client.message()
        client.send(GET)
    assert wire.gateway.connections == 1


@scenario(listener={**FROM_US, "trusted_proxies": ["127.0.0.0/8"]})
async def test_the_load_balancer_vouches_for_nobody_but_its_client(wire: Wire) -> None:
    spoofed = get("/", "X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9")
    assert (await client_seen(wire, V1, spoofed))[0] == b"192.0.2.1"


@scenario(listener={**FROM_US, "trusted_proxies": ["192.0.2.0/24"]})
async def test_a_trusted_proxy_may_stand_before_the_load_balancer(wire: Wire) -> None:
    claimed = get("/", "X-Forwarded-For: 203.0.113.9")
    assert (await client_seen(wire, V1, claimed))[0] == b"203.0.113.9, 192.0.2.1"


@scenario(listener={**FROM_US, "trusted_proxies": ["192.0.2.0/24"]})
async def test_an_address_in_another_spelling_is_the_same(wire: Wire) -> None:
    mapped = b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"
    claimed = get("/", "X-Forwarded-For: 203.0.113.9")
    assert (await client_seen(wire, mapped, claimed))[0] == b"203.0.113.9, 192.0.2.1"


@scenario(listener={**FROM_US, "trusted_proxies": ["unix"]})
async def test_a_client_of_a_unix_socket_elsewhere_is_not_one_of_ours(wire: Wire) -> None:
    header = V2_START + struct.pack("!BBH", 0x21, 0x31, 216) + bytes(216)
    claimed = get("/", "X-Forwarded-For: 203.0.113.9")
    assert (await client_seen(wire, header, claimed))[0] == b"unknown"


@pytest.mark.parametrize(
    "first", [GET, b"\x16\x03\x01\x02\x00", b"PROXY TCP4 junk\r\n", V2[:12] + b"\x31", b"PROXY " * 30]
)
def test_without_a_good_header_nothing_is_served_or_answered(first: bytes) -> None:
    @scenario(listener=FROM_US)
    async def script(wire: Wire) -> None:
        client = await wire.send(first.ljust(16, b"x"), GET)
        assert await client.is_gone()
        assert client.received() == b""
        assert wire.backend.accepted == 0

    script()


@pytest.mark.parametrize("first", [V1, V2, b""])
def test_others_than_the_load_balancers_are_closed(first: bytes) -> None:
    @scenario(listener=FROM_OTHERS)
    async def script(wire: Wire) -> None:
        client = await wire.send(first, GET)
        assert await client.is_gone()
        assert wire.backend.accepted == 0

    script()


@pytest.mark.parametrize("second", [V1, V2])
def test_a_second_header_is_a_bad_request(second: bytes) -> None:
    @scenario(listener=FROM_US)
    async def script(wire: Wire) -> None:
        client = await wire.send(V1, second, GET)
        assert (await client.message()).status == 400
        assert wire.backend.accepted == 0

    script()


@pytest.mark.parametrize("header", [V1, V2])
def test_without_the_option_a_header_is_a_bad_request(header: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(header, GET)
        assert (await client.message()).status == 400

    script()


@scenario(listener=FROM_US, limits={"header_timeout": "2s"})
async def test_a_slow_header_is_not_waited_for(wire: Wire) -> None:
    client = await wire.send(V1[:20])
    await wire.until_connected(1)
    wire.gateway.advance(1.9)
    client.send(V1[20:25])
    assert not await client.has_received(b"x")
    wire.gateway.advance(0.2)
    assert await client.is_gone()
    assert client.received() == b""
    await wire.until_connected(0)


@scenario(listener=FROM_US, limits={"max_connections": 1})
async def test_connections_without_a_header_are_counted(wire: Wire) -> None:
    await wire.connect()
    await wire.until_connected(1)
    assert await (await wire.connect()).is_gone()


@scenario(listener=FROM_US)
async def test_a_drain_does_not_wait_for_headers(wire: Wire) -> None:
    client = await wire.send(V1[:10])
    await wire.until_connected(1)
    await wire.gateway.plane.drain(0.0)
    assert await client.is_gone()


@scenario(listener=FROM_US, limits={"max_connections_per_address": 1})
async def test_who_is_turned_away_at_once_is_not_served_all_the_same(wire: Wire) -> None:
    """The request comes in one piece with the header."""
    client = await wire.send(V1, GET)
    backend = await wire.backend.accept()
    await backend.message()
    wire.gateway.plane._context.admission.lingering = 256  # no room to stay until the answer is read
    second = await wire.connect()
    second.send(V1 + GET)
    assert await second.is_gone()
    backend.send(OK)
    await client.message()
    assert len(wire.gateway.records.lines) == 1
