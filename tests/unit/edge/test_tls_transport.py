"""What TLS does between a raw transport and a connection; both are recorded."""

import asyncio
import contextlib
import ssl
from typing import Any, cast

import pytest

from certificate_authority import authority
from hotgate.edge.tls_listener import ServerCertificate, TlsListener, TlsRules
from hotgate.edge.tls_transport import TlsTransport

_ISSUED = authority().issue("a.example")
_LISTENER = TlsListener([ServerCertificate(_ISSUED.pem, _ISSUED.key_pem, frozenset())], TlsRules())


class Raw:
    """The transport below: what was written, and which methods were called."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.calls: list[str] = []

    def write(self, data: bytes) -> None:
        if {"write_eof", "close", "abort"} & set(self.calls):
            raise RuntimeError("as uvloop does")
        self.written.append(data)

    def is_closing(self) -> bool:
        return "close" in self.calls or "abort" in self.calls

    def get_extra_info(self, name: str, default: object = None) -> object:
        return f"raw {name}"

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append(name)


class Connection(asyncio.Protocol):
    """The connection above."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.received: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.calls.append("made")

    def data_received(self, data: bytes) -> None:
        self.received.append(data)

    def eof_received(self) -> bool:
        self.calls.append("eof")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.calls.append("lost")

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")


class Scene:
    """A connection whose handshake is done, and its client."""

    def __init__(self, early: bytes = b"") -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._to_client = ssl.MemoryBIO()
        self._from_client = ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=authority().pem)
        self.client = context.wrap_bio(self._to_client, self._from_client, server_hostname="a.example")
        server = _LISTENER.context.wrap_bio(incoming, outgoing, server_side=True)
        for side in (self.client, server, self.client):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
            self._to_client.write(outgoing.read())
            incoming.write(self._from_client.read())
        if early:
            self.client.write(early)
            incoming.write(self._from_client.read())
        server.do_handshake()
        self.raw = Raw()
        self.connection = Connection()
        self.transport = TlsTransport(
            cast(asyncio.Transport, self.raw), _LISTENER, _LISTENER.default, None, server, incoming, outgoing
        )
        self.transport.begin(self.connection)

    def sent(self, *pieces: bytes) -> bytes:
        """Records of the client's."""
        for piece in pieces:
            self.client.write(piece)
        return self._from_client.read()

    def goodbye(self) -> bytes:
        with pytest.raises(ssl.SSLWantReadError):
            self.client.unwrap()
        return self._from_client.read()

    def seen(self) -> bytes:
        """What the client makes of what was written; ends with b"." if there was a goodbye."""
        for data in self.raw.written:
            self._to_client.write(data)
        self.raw.written.clear()
        seen = b""
        while True:
            try:
                piece = self.client.read(65536)
            except ssl.SSLWantReadError:
                return seen
            except ssl.SSLZeroReturnError:
                piece = b""
            if not piece:
                return seen + b"."
            seen += piece


def test_what_came_with_the_handshake_is_read_once() -> None:
    scene = Scene(b"early")
    assert scene.connection.calls == ["made"]
    assert scene.connection.received == [b"early"]


def test_many_records_of_one_read_are_handed_on_as_one() -> None:
    scene = Scene()
    scene.transport.data_received(scene.sent(*[b"x"] * 50))
    assert scene.connection.received == [b"x" * 50]


def test_half_a_record_waits_for_the_rest() -> None:
    scene = Scene()
    data = scene.sent(b"one", b"two")
    scene.transport.data_received(data[:-1])
    scene.transport.data_received(data[-1:])
    assert scene.connection.received == [b"one", b"two"]


def test_one_write_is_one_write() -> None:
    scene = Scene()
    scene.seen()
    body = bytes(range(256)) * 1000
    scene.transport.write(body)
    assert len(scene.raw.written) == 1
    scene.transport.writelines([b"a", b"b"])
    assert len(scene.raw.written) == 2
    assert scene.seen() == body + b"ab"


def test_back_pressure_is_passed_on_both_ways() -> None:
    scene = Scene()
    scene.raw.calls.clear()
    scene.transport.pause_writing()
    scene.transport.resume_writing()
    scene.transport.pause_reading()
    scene.transport.resume_reading()
    assert scene.connection.calls[1:] == ["pause", "resume"]
    assert scene.raw.calls == ["pause_reading", "resume_reading"]


def test_closing_says_goodbye_and_does_not_wait() -> None:
    scene = Scene()
    scene.transport.write(b"last")
    scene.transport.close()
    scene.transport.close()
    assert scene.raw.calls.count("close") == 1
    assert scene.seen() == b"last."


def test_a_broken_answer_gets_no_goodbye() -> None:
    scene = Scene()
    scene.transport.write(b"half")
    scene.transport.is_broken = True
    scene.transport.close()
    assert scene.raw.calls[-1] == "close"
    assert scene.seen() == b"half"


def test_aborting_says_nothing() -> None:
    scene = Scene()
    scene.seen()
    scene.transport.abort()
    assert scene.raw.calls[-1] == "abort"
    assert scene.raw.written == []


def test_reading_goes_on_after_the_end_of_writing() -> None:
    scene = Scene()
    scene.transport.write_eof()
    assert scene.raw.calls[-1] == "write_eof"
    assert scene.seen() == b"."
    scene.transport.data_received(scene.sent(b"still here"))
    assert scene.connection.received == [b"still here"]


def test_garbage_after_the_end_of_writing_gets_no_alert() -> None:
    scene = Scene()
    scene.transport.write_eof()
    scene.transport.data_received(b"\x17\x03\x03\x00\x20" + bytes(32))
    assert scene.raw.calls[-1] == "close"


def test_garbage_behind_what_made_the_connection_give_up() -> None:
    scene = Scene()
    scene.connection.data_received = lambda data: scene.transport.abort()  # type: ignore[method-assign]
    scene.transport.data_received(scene.sent(b"bad") + b"\x17\x03\x03\x00\x20" + bytes(32))
    assert scene.raw.calls[-1] == "abort"


def test_data_before_a_goodbye_is_delivered() -> None:
    scene = Scene()
    scene.transport.data_received(scene.sent(b"last") + scene.goodbye())
    assert scene.connection.received == [b"last"]
    assert scene.connection.calls == ["made", "eof"]
    assert scene.raw.calls[-1] == "close"
    assert scene.seen() == b"."


def test_an_end_without_goodbye_is_an_end_too() -> None:
    scene = Scene()
    assert scene.transport.eof_received() is False
    assert scene.connection.calls == ["made", "eof"]


def test_data_before_garbage_is_delivered() -> None:
    scene = Scene()
    scene.transport.data_received(scene.sent(b"last") + b"garbage")
    assert scene.connection.received == [b"last"]
    assert scene.raw.calls[-1] == "close"


def test_writing_after_garbage_does_not_raise() -> None:
    scene = Scene()
    scene.transport.data_received(b"\x17\x03\x03\x00\x20" + bytes(32))
    scene.transport.write(b"answer")
    scene.transport.writelines([b"answer"])
    assert scene.connection.calls[1] == "eof"
    assert scene.raw.calls.count("close") == 1


def test_half_records_are_nothing_bad_however_many() -> None:
    scene = Scene()
    for _ in range(50):
        data = scene.sent(b"x" * 16384)
        scene.transport.data_received(data[:10000])
        scene.transport.data_received(data[10000:])
    assert not scene.raw.is_closing()


def test_after_its_end_nothing_is_handed_on() -> None:
    scene = Scene()
    scene.transport.connection_lost(None)
    scene.transport.connection_lost(None)
    scene.transport.data_received(scene.sent(b"late"))
    scene.transport.pause_writing()
    scene.transport.resume_writing()
    assert scene.transport.eof_received() is False
    assert scene.connection.calls == ["made", "lost"]
    assert scene.connection.received == []


def test_what_is_known_of_the_client() -> None:
    scene = Scene()
    assert scene.transport.get_extra_info("peername") == "raw peername"
    assert scene.transport.host is _LISTENER.default
    assert scene.transport.certificate is None
