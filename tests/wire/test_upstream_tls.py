"""TLS towards backends: nobody is spoken to who has not proved to be the backend, and the log alone says why."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hotgate.upstream.dial import Dialer
from wire.certificates import Authority, Certificate
from wire.peer import Peer, turns
from wire.samples import GET, OK, ok
from wire.scenario import Wire, scenario

_CA = Authority()
_STRANGER = Authority("another authority")
_BACKEND = _CA.issue("127.0.0.1", "backend.test")
_CLIENT = _CA.issue("gateway.test")
_TRUSTED = {"ca": [_CA.pem]}

Script = Callable[[Wire, "TlsBackend"], Awaitable[None]]


class TlsBackend:
    """A backend with a certificate. names: what clients asked for, by SNI. peers: who shook hands."""

    def __init__(self, folder: Path, certificate: Certificate, *, client_ca: str = "", newest: str = "TLSv1_3") -> None:
        chain = folder / "chain.pem"
        chain.write_text(certificate.pem + certificate.key_pem)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)
        self.context.maximum_version = ssl.TLSVersion[newest]
        if client_ca:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(cadata=client_ca)
        self.names: list[str | None] = []
        self.context.sni_callback = lambda _, name, __: self.names.append(name)
        self._accepted: asyncio.Queue[Peer] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []
        self.peers: list[Peer] = []

    async def start(self) -> int:
        """Listen. Returns the port."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, ssl=self.context)
        return int(self._server.sockets[0].getsockname()[1])

    async def accept(self) -> Peer:
        async with asyncio.timeout(5):
            return await self._accepted.get()

    def client_certificate(self) -> dict[str, Any]:
        """What the latest connection showed."""
        return dict(self._writers[-1].get_extra_info("peercert") or {})

    def stop(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.peers.append(Peer(reader, writer))
        self._accepted.put_nowait(self.peers[-1])


def _play(backend: TlsBackend, script: Script, *, host: str = "127.0.0.1", **upstream: Any) -> None:
    @scenario(upstream={"targets": [f"https://{host}:9"], "timeouts": {"connect": "5s"}, **upstream})
    async def played(wire: Wire) -> None:
        target = wire.gateway.compiled.upstreams["api"].targets[0]
        target._dialer = Dialer(target.host, await backend.start(), tls=target._dialer.tls)
        wire.gateway.plane.hear_of_targets({"healthy": {}, "addresses": {target.host: ["127.0.0.1"]}})
        try:
            await script(wire, backend)
        finally:
            wire.gateway.compiled.upstreams["api"].close()
            backend.stop()
            await turns()  # both ends say goodbye

    played()


async def _is_served(wire: Wire, backend: TlsBackend) -> None:
    client = await wire.send(GET)
    peer = await backend.accept()
    await peer.message()
    peer.send(OK)
    assert (await client.message()).body == b"ok"
    client.send(GET)
    await peer.message()
    peer.send(ok(b"again"))
    assert (await client.message()).body == b"again"


def _is_refused(reason: str) -> Script:
    async def script(wire: Wire, backend: TlsBackend) -> None:
        client = await wire.send(GET)
        answer = await client.message()
        assert (answer.status, answer.code) == (502, "upstream-tls-failed")
        assert b"certif" not in answer.body
        assert reason in wire.last_record["log_detail"]

    return script


def test_a_backend_of_our_own_authority(tmp_path: Path) -> None:
    _play(TlsBackend(tmp_path, _BACKEND), _is_served, tls=_TRUSTED)


def test_the_systems_authorities_do_not_know_it(tmp_path: Path) -> None:
    _play(TlsBackend(tmp_path, _BACKEND), _is_refused("CERTIFICATE_VERIFY_FAILED"))


def test_another_authority(tmp_path: Path) -> None:
    backend = TlsBackend(tmp_path, _STRANGER.issue("127.0.0.1"))
    _play(backend, _is_refused("CERTIFICATE_VERIFY_FAILED"), tls=_TRUSTED)


def test_one_of_several_authorities(tmp_path: Path) -> None:
    _play(TlsBackend(tmp_path, _BACKEND), _is_served, tls={"ca": [_STRANGER.pem, "# Größe\n" + _CA.pem]})


def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    backend = TlsBackend(tmp_path, _CA.issue("127.0.0.1", expired=True))
    _play(backend, _is_refused("certificate has expired"), tls=_TRUSTED)


def test_a_certificate_of_another_name(tmp_path: Path) -> None:
    backend = TlsBackend(tmp_path, _CA.issue("127.0.0.2"))
    _play(backend, _is_refused("IP address mismatch"), tls=_TRUSTED)
    backend = TlsBackend(tmp_path, _CA.issue("other.test"))
    _play(backend, _is_refused("Hostname mismatch"), host="backend.test", tls=_TRUSTED)


@pytest.mark.parametrize(
    ("host", "server_name", "sent"),
    [("backend.test", {}, "backend.test"), ("127.0.0.1", {"server_name": "backend.test"}, "backend.test")],
)
def test_the_name_that_is_asked_for(host: str, server_name: dict[str, str], sent: str, tmp_path: Path) -> None:
    backend = TlsBackend(tmp_path, _CA.issue("backend.test"))
    _play(backend, _is_served, host=host, tls={**_TRUSTED, **server_name})
    assert backend.names == [sent]


@pytest.mark.parametrize("pins", [[_BACKEND.pin], [_CLIENT.pin, _BACKEND.pin.removeprefix("sha256/")]])
def test_a_pinned_key(pins: list[str], tmp_path: Path) -> None:
    _play(TlsBackend(tmp_path, _BACKEND), _is_served, tls={**_TRUSTED, "pins": pins})


def test_nothing_is_sent_to_a_key_that_is_not_pinned(tmp_path: Path) -> None:
    async def script(wire: Wire, backend: TlsBackend) -> None:
        await _is_refused(f"its key is {_BACKEND.pin}")(wire, backend)
        await turns()
        assert not any(peer.received() for peer in backend.peers)

    _play(TlsBackend(tmp_path, _BACKEND), script, tls={**_TRUSTED, "pins": [_CLIENT.pin]})


def test_a_pin_does_not_replace_the_authority(tmp_path: Path) -> None:
    backend = TlsBackend(tmp_path, _BACKEND)
    _play(backend, _is_refused("CERTIFICATE_VERIFY_FAILED"), tls={"ca": [_STRANGER.pem], "pins": [_BACKEND.pin]})


def test_verification_can_be_given_up_but_a_pin_still_counts(tmp_path: Path) -> None:
    backend = _STRANGER.issue("other.test", expired=True)
    skipping: dict[str, Any] = {"insecure_skip_verify": True}
    _play(TlsBackend(tmp_path, backend), _is_served, tls=skipping)
    _play(TlsBackend(tmp_path, backend), _is_served, tls={**skipping, "pins": [backend.pin]})
    _play(TlsBackend(tmp_path, backend), _is_refused("not pinned"), tls={**skipping, "pins": [_BACKEND.pin]})


def test_the_gateway_shows_its_certificate(tmp_path: Path) -> None:
    async def script(wire: Wire, backend: TlsBackend) -> None:
        await _is_served(wire, backend)
        assert ("DNS", "gateway.test") in backend.client_certificate()["subjectAltName"]

    own = {"certificate": _CLIENT.pem, "key": _CLIENT.key_pem}
    _play(TlsBackend(tmp_path, _BACKEND, client_ca=_CA.pem), script, tls={**_TRUSTED, **own})


@pytest.mark.parametrize("newest", ["TLSv1_2", "TLSv1_3"])
def test_a_backend_that_wants_a_certificate_and_gets_none(newest: str, tmp_path: Path) -> None:
    """In TLS 1.3 the gateway hears of it after its handshake, when the request may have been sent."""
    context = TlsBackend(tmp_path, _BACKEND, client_ca=_CA.pem, newest=newest).context

    @scenario(upstream={"targets": ["https://127.0.0.1:9"], "tls": _TRUSTED})
    async def script(wire: Wire) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            target = wire.gateway.compiled.upstreams["api"].targets[0]
            target._dialer = Dialer("127.0.0.1", listening.getsockname()[1], tls=target._dialer.tls)
            served = asyncio.create_task(asyncio.to_thread(_refuse_in_good_order, listening, context))
            client = await wire.send(GET)
            answer = await client.message()
            assert (answer.status, answer.code) == (502, "upstream-tls-failed")
            await served

    script()


def _refuse_in_good_order(listening: socket.socket, context: ssl.SSLContext) -> None:
    """Say why, and wait for the end: a reset could overtake the alert."""
    connected = context.wrap_socket(listening.accept()[0], server_side=True, do_handshake_on_connect=False)
    with connected:
        with contextlib.suppress(ssl.SSLError):
            connected.do_handshake()
        socket.socket.shutdown(connected, socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while socket.socket.recv(connected, 65536):
                pass


@scenario(upstream={"targets": ["https://127.0.0.1:9"]})
async def test_a_backend_that_speaks_no_tls(wire: Wire) -> None:
    target = wire.gateway.compiled.upstreams["api"].targets[0]
    target._dialer = Dialer("127.0.0.1", wire.backend.port, tls=target._dialer.tls)
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    backend.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    answer = await client.message()
    assert (answer.status, answer.code) == (502, "upstream-tls-failed")


@scenario(upstream={"targets": ["https://127.0.0.1:9"], "timeouts": {"connect": "50ms"}})
async def test_a_backend_that_accepts_and_says_nothing(wire: Wire) -> None:
    target = wire.gateway.compiled.upstreams["api"].targets[0]
    target._dialer = Dialer("127.0.0.1", wire.backend.port, tls=target._dialer.tls)
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    assert (await client.message()).code == "upstream-connect-timeout"
    assert await backend.is_gone()


def test_a_connection_rests_as_one_without_tls_does(tmp_path: Path) -> None:
    async def script(wire: Wire, backend: TlsBackend) -> None:
        client = await wire.send(GET)
        peer = await backend.accept()
        for answer in (b"HTTP/1.1 304 Not Modified\r\n\r\n", OK):
            await peer.message()
            peer.send(answer)
            await client.message()
            client.send(GET)
        await peer.message()

    _play(TlsBackend(tmp_path, _BACKEND), script, tls=_TRUSTED)


def test_the_proxy_header_comes_before_tls(tmp_path: Path) -> None:
    @scenario(upstream={"targets": ["https://127.0.0.1:9"], "proxy_protocol": "v1"})
    async def script(wire: Wire) -> None:
        target = wire.gateway.compiled.upstreams["api"].targets[0]
        target._dialer = Dialer("127.0.0.1", wire.backend.port, tls=target._dialer.tls)
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        assert (await backend.until(b"\r\n")).startswith(b"PROXY TCP4 127.0.0.1 127.0.0.1 ")
        assert (await backend.exactly(3))[:2] == b"\x16\x03"  # a TLS handshake record
        client.reset()

    script()


@pytest.mark.parametrize("says_goodbye", [True, False])
def test_an_answer_whose_end_anybody_could_have_made_is_incomplete(tmp_path: Path, says_goodbye: bool) -> None:
    """Its end is that of the connection; who is on the way can forge a FIN, but no close_notify (RFC 9112 §9.8)."""
    backend = TlsBackend(tmp_path, _BACKEND)

    async def script(wire: Wire, backend: TlsBackend) -> None:
        client = await wire.send(GET)
        peer = await backend.accept()
        await peer.message()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await client.head()
        assert await client.exactly(9) == b"4\r\nhalf\r\n"
        if says_goodbye:
            peer.close()
            assert await client.exactly(5) == b"0\r\n\r\n"
        else:
            backend._writers[-1].transport.abort()
            assert await client.is_gone()
        assert wire.last_record.get("code", "") == ("" if says_goodbye else "upstream-cut-short")

    _play(backend, script, tls=_TRUSTED)
