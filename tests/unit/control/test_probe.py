"""One check, against a target on a real socket that does as the test says."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hotgate.config.addresses import parse_target
from hotgate.config.resilience import Health
from hotgate.control.probe import Check, ProbeFailed, ProbeImpossible, probe
from hotgate.upstream.client_tls import ClientTls
from hotgate.upstream.dial import Dialer

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD_END = b"\r\n\r\n"


def check_of(listening: int, *, scheme: str = "http", tls: ssl.SSLContext | None = None, **settings: Any) -> Check:
    given = {"path": "/healthz", "timeout": "5s", **settings}
    health = Health.model_validate({key: value for key, value in given.items() if value is not None})
    url = parse_target(f"{scheme}://api.test:{listening}")
    dialer = Dialer(url.host, url.port, tls=None if tls is None else ClientTls(tls))
    return Check("api", "a", url, health, dialer)


def probed(serve: Serve, *, addresses: tuple[str, ...] = ("127.0.0.1",), **settings: Any) -> str:
    """Why the check failed; empty if it went well."""

    async def run() -> str:
        ends: list[asyncio.StreamWriter] = []

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ends.append(writer)
            await serve(reader, writer)

        server = await asyncio.start_server(accepted, "127.0.0.1", 0)
        try:
            await probe(check_of(server.sockets[0].getsockname()[1], **settings), addresses)
        except ProbeFailed as failed:
            return str(failed)
        finally:
            server.close()
            for end in ends:
                end.transport.abort()
            await asyncio.sleep(0)
        return ""

    return asyncio.run(run())


def answering(answer: bytes, asked: list[bytes] | None = None) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(HEAD_END)
        if asked is not None:
            asked.append(request)
        writer.write(answer)

    return serve


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, and says nothing."""


@pytest.mark.parametrize("status", [200, 204, 302, 399])
def test_a_status_that_is_expected(status: int) -> None:
    assert probed(answering(b"HTTP/1.1 %d Fine\r\n\r\n" % status)) == ""


@pytest.mark.parametrize("status", [100, 404, 500, 503])
def test_a_status_that_is_not(status: int) -> None:
    assert probed(answering(b"HTTP/1.1 %d X\r\n\r\n" % status)) == f"status {status}"


def test_what_is_expected_can_be_said() -> None:
    assert probed(answering(b"HTTP/1.0 418 X\r\n\r\n"), expect=["200-299", 418]) == ""
    assert probed(answering(b"HTTP/1.1 302 X\r\n\r\n"), expect=["2xx"]) == "status 302"


def test_what_is_asked() -> None:
    asked: list[bytes] = []
    probed(answering(b"HTTP/1.1 200 OK\r\n\r\n", asked), method="HEAD", path="/up?deep=1", host="internal")
    lines = asked[0].split(b"\r\n")
    assert lines[0] == b"HEAD /up?deep=1 HTTP/1.1"
    assert b"Host: internal" in lines
    assert b"Connection: close" in lines


def test_the_body_is_not_waited_for() -> None:
    assert probed(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nx")) == ""


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200OK\r\n\r\n",
        b" HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 O\0K\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_not_well(answer: bytes) -> None:
    assert probed(answering(answer)) == "its answer is not HTTP/1"


def test_a_head_without_end_is_given_up() -> None:
    assert "more than" in probed(answering(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000))


def test_a_connection_that_closes() -> None:
    async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(HEAD_END)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        writer.close()

    assert probed(closes) == "it closed the connection before it answered"


def test_one_that_says_nothing_is_not_waited_for_longer_than_its_time() -> None:
    assert probed(silent, timeout="20ms") == "no answer within 0.02 s"


def test_tcp_only_connects() -> None:
    assert probed(silent, path=None, tcp=True) == ""


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ProbeFailed, match="Connection refused"):
        asyncio.run(probe(check_of(port), ["127.0.0.1"]))


def test_a_lack_of_our_own_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Dialer, "connect", fails)
    with pytest.raises(ProbeImpossible, match="Too many open files"):
        asyncio.run(probe(check_of(1), ["127.0.0.1"]))


def test_a_name_without_address_is_not_well() -> None:
    with pytest.raises(ProbeFailed, match="no address"):
        asyncio.run(probe(check_of(1), []))


def test_another_address_is_tried_when_one_does_not_accept() -> None:
    assert probed(answering(b"HTTP/1.1 200 OK\r\n\r\n"), addresses=("127.0.0.3", "127.0.0.1")) == ""


def test_another_port_can_be_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert probed(answering(b"HTTP/1.1 200 OK\r\n\r\n"), port=port) == "Connection refused"


def test_one_that_speaks_no_tls_is_not_well() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 X\r\n\r\n")

    tls = ssl.create_default_context()
    assert probed(plain, scheme="https", tls=tls).startswith("TLS: ")
