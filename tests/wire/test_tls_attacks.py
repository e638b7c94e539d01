"""What is not TLS, or not in good faith, ends the connection, and nothing else."""

import asyncio
import random
import ssl
import struct
from pathlib import Path

import pytest

from certificate_authority import authority
from wire.forged_records import DATA, HANDSHAKE, Forger, logging_context
from wire.peer import turns
from wire.samples import GET, OK
from wire.scenario import Wire, scenario

_TLS = {"tls": authority().issue("a.example").settings}
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_PROTOCOL_VERSION_ALERT = b"\x15\x03\x03\0\x02\x02\x46"


def hello(version: int, *, record_version: int = 0x0301) -> bytes:
    """A ClientHello without extensions."""
    suites = b"\xc0\x2b\xc0\x2f\x00\x2f"
    body = struct.pack("!H", version) + bytes(32) + b"\0" + struct.pack("!H", len(suites)) + suites + b"\x01\0"
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return struct.pack("!BHH", HANDSHAKE, record_version, len(message)) + message


def failures(wire: Wire) -> dict[str, int]:
    """Of handshakes, by reason."""
    counted: dict[str, int] = wire.gateway.plane.metrics_snapshot()["counters"]["handshake_failures"]
    return counted


@pytest.mark.parametrize("request_", [GET, _PREFACE, b"G"])
@scenario(listener=_TLS)
async def test_plain_http_on_a_tls_port_is_told_so(wire: Wire, request_: bytes) -> None:
    client = await wire.connect_plain()
    client.send(request_)
    answer = await client.message()
    assert (answer.status, answer.code) == (400, "tls-required")
    client.send(b"more that was under way" * 1000)
    assert await client.rest() == b""
    client.close()
    await turns()
    assert wire.gateway.connections == 0
    assert failures(wire) == {"plain-http": 1}


@scenario(listener=_TLS)
async def test_a_plain_client_that_goes_on_is_cut_off(wire: Wire) -> None:
    client = await wire.connect_plain()
    assert await client.flood(GET * 1000, 8 * 1024 * 1024) < 4 * 1024 * 1024
    assert await client.is_gone()


@scenario(listener=_TLS)
async def test_a_plain_client_that_stays_is_cut_off(wire: Wire) -> None:
    client = await wire.connect_plain()
    client.send(GET)
    await client.message()
    wire.gateway.advance(3)
    await turns()
    assert wire.gateway.connections == 0


@scenario()
async def test_tls_on_a_plain_port_gets_an_alert(wire: Wire) -> None:
    client = await wire.connect_plain()
    client.send(hello(0x0303))
    assert await client.rest() == _PROTOCOL_VERSION_ALERT


@scenario()
async def test_tls_on_a_plain_port_is_understood_by_clients(wire: Wire) -> None:
    with pytest.raises(ssl.SSLError, match="TLSV1_ALERT_PROTOCOL_VERSION"):
        await wire.connect_tls()


@scenario()
async def test_tls_behind_a_request_does_not_spoil_its_answer(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    client.send(hello(0x0303))
    await turns()
    backend.send(OK)
    assert (await client.message()).body == b"ok"
    assert (await client.message()).status == 400
    assert await client.rest() == b""


@scenario()
async def test_bytes_like_tls_behind_a_request_are_a_bad_request(wire: Wire) -> None:
    client = await wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\x16\x03\x01: x\r\n\r\n")
    assert (await client.message()).status == 400


@pytest.mark.parametrize("listener", [{}, _TLS])
def test_the_http_2_preface_is_no_http_1_1(listener: dict[str, object]) -> None:
    @scenario(listener=listener)
    async def script(wire: Wire) -> None:
        client = await wire.send(_PREFACE, b"\0\0\0\x04\0\0\0\0\0")
        answer = await client.message()
        assert (answer.status, answer.code) == (505, "http-version-unsupported")
        assert await client.rest() == b""

    script()


@pytest.mark.parametrize(("version", "alert"), [(0x0300, b"\x28"), (0x0301, b"\x46"), (0x0302, b"\x46")])
@scenario(listener=_TLS)
async def test_old_versions_are_refused(wire: Wire, version: int, alert: bytes) -> None:
    client = await wire.connect_plain()
    client.send(hello(version))
    answer = await client.rest()
    assert answer[:1] + answer[3:] == b"\x15\0\x02\x02" + alert
    assert failures(wire) == {"version": 1}


@scenario(listener={"tls": {**_TLS["tls"], "min_version": "1.3"}})
async def test_1_2_is_refused_on_request(wire: Wire) -> None:
    client = await wire.connect_plain()
    client.send(hello(0x0303))
    answer = await client.rest()
    assert answer[:1] + answer[3:] == b"\x15\0\x02\x02\x46"


@scenario(listener=_TLS)
async def test_weak_suites_of_1_2_are_refused(wire: Wire) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority().pem)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384")
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        await wire.connect_tls(context=context)
    assert failures(wire) == {"cipher": 1}


@scenario(listener=_TLS)
async def test_clients_that_do_not_trust_us_are_counted(wire: Wire) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await wire.connect_tls(context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    await turns()
    assert failures(wire) == {"client-alert": 1}


@scenario(listener=_TLS, limits={"tls_handshake": "5s"})
async def test_a_handshake_has_a_time_limit(wire: Wire) -> None:
    silent = await wire.connect_plain()
    slow = await wire.connect_plain()
    slow.send(hello(0x0303)[:20])
    await turns()
    wire.gateway.advance(4)
    await turns()
    assert wire.gateway.connections == 2
    wire.gateway.advance(2)
    assert await silent.is_gone()
    assert await slow.is_gone()
    assert failures(wire) == {"timeout": 2}


@pytest.mark.parametrize("how", ["close", "reset"])
@scenario(listener=_TLS)
async def test_a_client_that_leaves_in_the_handshake_is_counted(wire: Wire, how: str) -> None:
    client = await wire.connect_plain()
    client.send(hello(0x0303)[:20])
    await wire.until_connected(1)
    client.close() if how == "close" else client.reset()
    await wire.until_connected(0)
    assert failures(wire) == {"client-closed": 1}


@scenario(listener=_TLS)
async def test_a_handshake_has_a_size_limit(wire: Wire) -> None:
    """A ClientHello that claims 16 MB and comes in good records."""
    client = await wire.connect_plain()
    client.send(b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + bytes(16380))
    assert await client.flood(b"\x16\x03\x01\x40\x00" + bytes(16384), 8 * 1024 * 1024) < 4 * 1024 * 1024
    assert await client.is_gone()


@scenario(listener=_TLS, limits={"max_connections": 1})
async def test_too_many_connections_cost_no_handshake(wire: Wire) -> None:
    await wire.connect()
    other = await wire.connect_plain()
    assert await other.is_gone()
    assert wire.gateway.connections == 1


@pytest.mark.parametrize("seed", range(30))
@scenario(listener=_TLS)
async def test_garbage_instead_of_a_handshake(wire: Wire, seed: int) -> None:
    weak_random = random.Random(seed)
    good = hello(0x0303)
    data = bytearray(weak_random.randbytes(200) if seed % 2 else good)
    for _ in range(seed):
        data[weak_random.randrange(len(data))] = weak_random.randrange(256)
    client = await wire.connect_plain()
    client.send(bytes(data))
    client.half_close()
    assert await client.is_gone()
    await turns()
    assert wire.gateway.connections == 0


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="plaintext"),
        pytest.param(b"\x17\x03\x03\x50\x00" + bytes(0x5000), id="oversized"),
        pytest.param(b"\x17\x03\x03\x00\x20" + bytes(32), id="forged"),
        pytest.param(b"\x17\x03\x03\x00\x00", id="empty"),
        pytest.param(b"\x16\x03\x03\x00\x04\x01\0\0\0", id="a second hello"),
        pytest.param(b"\x15\x03\x03\x00\x02\x02\x00", id="a fatal alert in the clear"),
    ],
)
@scenario(listener=_TLS)
async def test_broken_records_end_the_connection_and_its_request(wire: Wire, data: bytes) -> None:
    client = await wire.connect_tls()
    client.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    client.send_raw(data)
    assert await backend.is_gone()
    assert wire.last_record["code"] == "client-closed"
    await turns()
    assert wire.gateway.connections == 0


@scenario(listener=_TLS)
async def test_forged_records_work(wire: Wire, tmp_path: Path) -> None:
    """Or else the tests below would prove nothing."""
    log = tmp_path / "keys"
    client = await wire.connect_tls(context=logging_context(log))
    forger = Forger(log)
    client.send_raw(forger.record(DATA, GET[:10]) + forger.key_update() + forger.record(DATA, GET[10:], padding=50))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await client.message()).body == b"ok"


@scenario(listener=_TLS)
async def test_a_flood_of_key_updates_ends_the_connection(wire: Wire, tmp_path: Path) -> None:
    log = tmp_path / "keys"
    client = await wire.connect_tls(context=logging_context(log))
    forger = Forger(log)
    for _ in range(300):
        client.send_raw(b"".join([forger.key_update() for _ in range(50)]))
        await asyncio.sleep(0)
    await turns()
    assert wire.gateway.connections == 0


@scenario(listener=_TLS)
async def test_a_flood_of_empty_records_ends_the_connection(wire: Wire, tmp_path: Path) -> None:
    log = tmp_path / "keys"
    client = await wire.connect_tls(context=logging_context(log))
    forger = Forger(log)
    client.send_raw(b"".join([forger.record(DATA, b"") for _ in range(100)]))
    await turns()
    assert wire.gateway.connections == 0
