"""What is true of a plain connection is true of a TLS one."""

import asyncio
import gc

import pytest

from certificate_authority import authority
from hotgate import Exchange, policy
from hotgate.edge.connection import ServerConnection
from hotgate.edge.tls_handshake import TlsHandshake
from hotgate.edge.tls_transport import TlsTransport
from wire.peer import turns
from wire.samples import CHUNKED_OK, CHUNKED_POST, GET, OK, get, ok, post
from wire.scenario import Wire, scenario
from wire.tls_peer import TlsPeer

_CERTIFICATE = authority().issue("a.example")
_TLS = {"tls": _CERTIFICATE.settings}
_MUCH = 64 * 1024 * 1024
_BOUND = 16 * 1024 * 1024  # generous: the kernel's buffers count too
_PIECE = b"x" * 65536


_schemes: list[str] = []


@policy(phase="admit")
def sees_the_scheme(exchange: Exchange) -> None:
    _schemes.append(exchange.request.scheme)


@scenario(listener=_TLS, policies=[sees_the_scheme])
async def test_policies_and_the_backend_are_told_that_it_was_https(wire: Wire) -> None:
    _schemes.clear()
    received, answer = await wire.exchange(GET, OK)
    assert _schemes == ["https"]
    assert received.get(b"x-forwarded-proto") == b"https"
    assert received.get(b"forwarded") == b"for=127.0.0.1;host=a.example;proto=https"
    assert answer.body == b"ok"


@scenario(listener=_TLS)
async def test_keep_alive_and_pipelining(wire: Wire) -> None:
    client = await wire.send(GET, GET)
    backend = await wire.backend.accept()
    for _ in range(2):
        await backend.message()
        backend.send(OK)
        assert (await client.message()).body == b"ok"
    client.send(GET)
    await backend.message()
    backend.send(OK)
    assert (await client.message()).body == b"ok"
    assert wire.gateway.plane.metrics_snapshot()["counters"]["connections"] == 1


@scenario(listener=_TLS, route={"max_body": "1GiB"})
async def test_large_bodies_arrive_whole(wire: Wire) -> None:
    body = bytes(range(256)) * 4 * 1024  # 1 MiB that shows any piece out of place
    client = await wire.connect()
    sending = asyncio.ensure_future(client.send_all(post(body)))
    backend = await wire.backend.accept()
    assert (await backend.message()).body == body
    await sending
    answering = asyncio.ensure_future(backend.send_all(ok(body)))
    assert (await client.message()).body == body
    await answering


@scenario(listener=_TLS)
async def test_a_client_that_does_not_read_stops_the_backend(wire: Wire) -> None:
    client = await wire.connect(receive_buffer=8192)
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _MUCH)
    assert await backend.flood(_PIECE, _MUCH) < _BOUND
    await client.head()
    await client.exactly(4 * 1024 * 1024)
    assert await backend.flood(_PIECE, 65536) == 65536


@scenario(listener=_TLS, route={"max_body": "1GiB"})
async def test_a_backend_that_does_not_read_stops_the_client(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST)
    backend = await wire.backend.accept()
    await backend.head()
    assert await client.flood(b"10000\r\n" + _PIECE + b"\r\n", _MUCH) < _BOUND


@scenario(listener=_TLS)
async def test_one_byte_at_a_time(wire: Wire) -> None:
    """Each byte in a record of its own, and each record in pieces."""
    client = await wire.connect()
    for byte in GET:
        client.send(bytes([byte]))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await client.message()).body == b"ok"


@scenario(listener=_TLS)
async def test_a_websocket_tunnel(wire: Wire) -> None:
    client = await wire.send(get("/", "Connection: Upgrade", "Upgrade: websocket"))
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello")
    assert (await client.head()).status == 101
    assert await client.exactly(5) == b"hello"
    client.send(b"\x00\x01bytes")
    assert await backend.exactly(7) == b"\x00\x01bytes"
    client.close()
    assert await backend.is_gone()


@pytest.mark.parametrize("head", [CHUNKED_OK + b"1\r\na\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
@scenario(listener=_TLS)
async def test_a_cut_answer_ends_without_goodbye(wire: Wire, head: bytes) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(head)
    await client.head()
    backend.reset()
    assert await client.is_cut()


@scenario(listener=_TLS)
async def test_a_cut_answer_to_http_1_0_does_not_look_complete(wire: Wire) -> None:
    """Its end is the end of the connection: only close_notify tells a whole answer from half of one."""
    client = await wire.send(b"GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK + b"1\r\na\r\n")
    await client.head()
    backend.reset()
    assert await client.is_cut()


@scenario(listener=_TLS)
async def test_a_whole_answer_to_http_1_0_ends_with_goodbye(wire: Wire) -> None:
    client = await wire.send(b"GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(CHUNKED_OK + b"1\r\na\r\n0\r\n\r\n")
    await client.head()
    assert await client.rest() == b"a"


@scenario(listener=_TLS)
async def test_a_client_that_says_goodbye_has_left(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    client.half_close()
    assert await backend.is_gone()
    assert wire.last_record["code"] == "client-closed"
    assert await client.rest() == b""


@scenario(listener=_TLS)
async def test_a_client_that_is_cut_off_has_left(wire: Wire) -> None:
    client = await wire.connect_tls()
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    client.half_close_raw()
    assert await backend.is_gone()
    assert wire.last_record["code"] == "client-closed"


@scenario(listener=_TLS, route={"max_body": "1KiB"})
async def test_a_refused_upload_reads_its_answer(wire: Wire) -> None:
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9000000\r\n\r\n")
    sending = asyncio.ensure_future(client.send_all(b"x" * 2_000_000))
    answer = await client.message()
    assert answer.code == "body-too-large"
    await sending
    assert await client.rest() == b""


@scenario(listener=_TLS)
async def test_idle_connections_are_closed_with_goodbye(wire: Wire) -> None:
    _, answer = await wire.exchange(GET, OK)
    assert answer.status == 200
    wire.gateway.advance(76)
    assert await wire.clients[0].rest() == b""
    await turns()
    assert wire.gateway.connections == 0


@scenario(listener=_TLS)
async def test_a_reload_changes_the_certificate_of_new_connections_only(wire: Wire) -> None:
    first = await wire.connect_tls()
    other = authority().issue("a.example")
    wire.gateway.change_listener({"tls": other.settings})
    second = await wire.connect_tls()
    assert first.tls.getpeercert(True) != second.tls.getpeercert(True)
    for client in (first, second):
        client.send(GET)
        backend = await wire.backend.only()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).body == b"ok"


@scenario()
async def test_a_reload_may_turn_tls_on_and_off(wire: Wire) -> None:
    plain = await wire.connect()
    wire.gateway.change_listener(_TLS)
    secure = await wire.connect_tls()
    for client in (plain, secure):
        client.send(GET)
        backend = await wire.backend.only()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).body == b"ok"
    wire.gateway.change_listener({})
    last = await wire.send(GET)
    await backend.message()
    backend.send(OK)
    assert (await last.message()).body == b"ok"


@scenario(listener=_TLS)
async def test_a_drain_says_goodbye(wire: Wire) -> None:
    idle = await wire.connect()
    half_way = await wire.connect_plain()
    half_way.send(b"\x16\x03\x01")
    draining = asyncio.ensure_future(wire.gateway.plane.drain(10))
    await turns()
    wire.gateway.advance(2)
    assert await idle.rest() == b""
    assert await half_way.is_gone()
    await draining


@pytest.mark.parametrize("listener", [{}, _TLS])
def test_what_a_connection_held_is_freed_at_once(listener: dict[str, object]) -> None:
    """The collector comes seldom, and does not know how much memory OpenSSL holds for each connection."""

    @scenario(listener=listener, routes=[{"name": "all", "match": {"path": "/*"}, "public": True, "respond": {}}])
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        await client.message()
        client.close()
        refused = await wire.connect_plain()
        refused.send(b"garbage\r\n\r\n")
        await refused.rest()
        refused.close()
        await turns()
        left = [each for each in gc.get_objects() if isinstance(each, ServerConnection | TlsTransport | TlsHandshake)]
        assert left == []

    gc.collect()
    gc.disable()
    try:
        script()
    finally:
        gc.enable()


@scenario(listener=_TLS)
async def test_sessions_are_resumed(wire: Wire) -> None:
    wire.gateway.plane.use_ticket_key(b"k" * 80)
    await wire.exchange(GET, OK)
    (first,) = wire.clients
    assert isinstance(first, TlsPeer)
    wire.gateway.change_listener(_TLS)  # new contexts, the same key
    second = await wire.connect_tls(session=first.tls.session)
    assert second.tls.session_reused
    wire.gateway.plane.use_ticket_key(b"l" * 80)
    third = await wire.connect_tls(session=first.tls.session)
    assert not third.tls.session_reused
    third.half_close()
    assert await third.rest() == b""
    assert wire.gateway.plane.metrics_snapshot()["counters"]["handshakes"] == {"TLSv1.3 full": 2, "TLSv1.3 resumed": 1}
