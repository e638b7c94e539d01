"""Clients that send too much, too slowly, or come in too great numbers."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from integration.backend import backend_running
from integration.conftest import DEADLINE, Gateway
from integration.customer import Customer, ask, connect, raw, read_all
from integration.served import metric, serving

MAX_CONNECTIONS = 40
CONFIG = """
upstreams:
  echo: {{targets: ["{url}"]}}
limits:
  {{first_byte_timeout: 500ms, header_timeout: 500ms, body_idle: 500ms, keep_alive: 20s, max_connections: 40,
    max_header_bytes: 16KiB}}
defaults: {{public: true}}
routes:
  - {{name: small, match: {{path: "/small"}}, upstream: echo, max_body: 1KiB}}
  - {{name: all, match: {{path: "/*"}}, upstream: echo}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with backend_running() as backend:
        text = CONFIG.format(url=backend.url)
        with serving(tmp_path_factory.mktemp("rude"), text) as running:
            yield running


@pytest.fixture(autouse=True)
def still_served(gateway: Gateway) -> Iterator[None]:
    """Whatever one client does, the next one is served by the same worker."""
    (before,) = gateway.worker_pids()
    yield
    gateway.until(lambda: metric(gateway, "hotgate_connections_open") == 0)
    assert ask(gateway.port, "/after").status == 200
    assert gateway.worker_pids() == [before]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"X-Big: " + b"x" * 10_000 + b"\r\n", 200),
        (b"Authorization: Bearer " + b"x" * 10_000 + b"\r\n", 200),
        (b"X-Big: " + b"x" * 20_000 + b"\r\n", 431),
        (b"X-Big: " + b"x" * 2_000_000 + b"\r\n", 431),
        (b"".join(b"X-%d: 1\r\n" % number for number in range(90)), 200),
        (b"".join(b"X-%d: 1\r\n" % number for number in range(200)), 431),
        (b"X: 1\r\n" * 200, 431),
        (b"Cookie: " + b"a=b; " * 3000 + b"\r\n", 200),
    ],
    ids=["10k", "10k token", "20k", "2M", "90 fields", "200 fields", "200 equal fields", "many cookies"],
)
def test_large_heads(gateway: Gateway, head: bytes, status: int) -> None:
    request = b"GET /head HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + head + b"\r\n"
    assert status_of(reply(gateway, request)) == status


def test_a_long_target(gateway: Gateway) -> None:
    answer = ask(gateway.port, "/" + "x" * 9_000)
    assert (answer.status, answer.code) == (414, answer.json["code"])


def reply(gateway: Gateway, request: bytes) -> bytes:
    """What comes back even when the gateway closes before it has read everything."""
    with connect(gateway.port) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        return read_all(connection)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit(gateway: Gateway, chunked: bool) -> None:
    framing = b"Transfer-Encoding: chunked\r\n\r\n800\r\n" if chunked else b"Content-Length: 2048\r\n\r\n"
    request = b"POST /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + framing + b"x" * 2048
    assert status_of(reply(gateway, request + (b"\r\n0\r\n\r\n" if chunked else b""))) == 413


def trickle(connections: list[socket.socket], data: bytes) -> None:
    """Send a byte at a time on all connections until the gateway has ended each."""
    end = time.monotonic() + DEADLINE
    for number in range(10**6):
        if not connections or time.monotonic() > end:
            break
        ended, _, _ = select.select(connections, [], [], 0.05)
        for connection in ended:
            connections.remove(connection)
        for connection in connections:
            try:
                connection.send(data[number % len(data) :][:1])
            except (BrokenPipeError, ConnectionResetError):
                continue
    assert not connections


def test_slow_heads_end_while_others_are_served(gateway: Gateway) -> None:
    with ExitStack() as stack, Customer(gateway.port) as customer:
        slow = [stack.enter_context(connect(gateway.port)) for _ in range(30)]
        for connection in slow:
            connection.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        assert customer.ask("/quick").status == 200
        trickle(list(slow), b"x")
        assert {status_of(read_all(connection)) for connection in slow} <= {408, 0}
        assert customer.ask("/quick").status == 200


def test_silent_connections_end(gateway: Gateway) -> None:
    with ExitStack() as stack:
        for connection in [stack.enter_context(connect(gateway.port)) for _ in range(20)]:
            assert status_of(read_all(connection)) in (0, 408)


def test_a_body_that_stops_is_given_up(gateway: Gateway) -> None:
    head = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly this"
    assert status_of(reply(gateway, head)) == 408


def test_an_answer_that_nobody_reads_is_given_up(gateway: Gateway) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", gateway.port))
        body = b"x" * 8_000_000
        head = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(head + body)
        gateway.until(lambda: '"client-timeout"' in (gateway.folder / "access.log").read_text())


def test_more_connections_than_allowed_are_turned_away(gateway: Gateway) -> None:
    with ExitStack() as stack:
        kept = [stack.enter_context(Customer(gateway.port)) for _ in range(MAX_CONNECTIONS)]
        assert {customer.ask("/kept").status for customer in kept} == {200}
        for _ in range(100):
            answer = raw(gateway.port, b"")
            assert (status_of(answer), b"too-many-connections" in answer) == (503, True)
        assert {customer.ask("/kept").status for customer in kept} == {200}


def test_a_flood_of_connections_that_come_and_go(gateway: Gateway) -> None:
    for number in range(300):
        connection = connect(gateway.port)
        if number % 3:
            connection.sendall(b"GET /flood HTTP/1.1\r\nHo" if number % 3 == 1 else b"\x16\x03\x01\x02\x00\x01\x00")
        connection.close()
