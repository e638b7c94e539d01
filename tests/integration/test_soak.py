"""Thousands of requests, good, bad and broken off: neither memory nor descriptors are lost."""

import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.backend import Backend, backend_running
from integration.conftest import Gateway
from integration.customer import Customer, connect
from integration.served import metric, reload, serving, write

GROWTH_LIMIT = 12 * 1024  # KiB; a leak of one body in twenty requests would be twice as much
BODY = b"x" * 10_000
CONFIG = """
upstreams:
  echo: {{targets: ["{url}"]}}
identity:
  keys: {{api_key: {{}}}}
defaults: {{public: true}}
routes:
  - {{name: closed, match: {{path: "/closed"}}, upstream: echo, authenticate: [keys]}}
  - {{name: limited, match: {{path: "/limited"}}, upstream: echo, rate_limit: {{limit: 5/day, by: "header:X-Tenant"}}}}
  - {{name: all, match: {{path: "/*"}}, upstream: echo}}
{more}
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with backend_running() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Iterator[Gateway]:
    with serving(tmp_path_factory.mktemp("soak"), text(backend)) as running:
        yield running


def text(backend: Backend, more: str = "") -> str:
    return CONFIG.format(url=backend.url, more=more)


def resident(pid: int) -> int:
    """KiB of memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def many_requests(port: int, rounds: int) -> None:
    """Twenty requests in each round, on five connections; four of them are broken off."""
    for number in range(rounds):
        with Customer(port) as customer:
            for step in range(12):
                assert customer.ask(f"/{number}/{step}", method="POST", body=BODY).status == 200
            for step in range(4):
                assert customer.ask("/closed", [("X-API-Key", f"wrong-key-{number}-{step}")]).status == 401
                customer.ask("/limited", [("X-Tenant", f"{number}-{step}")])
        broken_off(port)


def broken_off(port: int) -> None:
    """Clients that leave in the middle of a head, of a body, and of an answer; politely or with a reset."""
    for request in (
        b"GET /head HTTP/1.1\r\nHost: a\r\nX-Half: ",
        b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n" + BODY,
        b"POST /answer HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n" + BODY,
        b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n",
    ):
        connection = connect(port)
        connection.sendall(request)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", len(request) % 2, 0))
        connection.close()


def settled(gateway: Gateway) -> None:
    """Nothing is under way any more."""
    gateway.until(lambda: metric(gateway, "hotgate_connections_open") == 0)
    gateway.until(lambda: metric(gateway, "hotgate_exchanges_active") == 0)


def test_requests_leave_nothing_behind(gateway: Gateway, backend: Backend) -> None:
    (worker,) = gateway.worker_pids()
    backend.release.set()
    many_requests(gateway.port, 30)
    settled(gateway)
    memory, files = resident(worker), descriptors(worker)
    many_requests(gateway.port, 150)
    settled(gateway)
    assert gateway.worker_pids() == [worker]
    gateway.until(lambda: descriptors(worker) <= files + 4)  # idle connections to the backend come and go
    assert resident(worker) - memory < GROWTH_LIMIT


def test_reloads_leave_nothing_behind(gateway: Gateway, backend: Backend) -> None:
    (worker,) = gateway.worker_pids()
    control = gateway.process.pid if gateway.process else 0

    def many_reloads(count: int) -> None:
        for number in range(count):
            extra = f'match: {{path: "/extra/{number}"}}, respond: {{body: "{"x" * 5000}"}}'
            write(gateway, text(backend, f"  - {{name: extra-{number}, {extra}}}"))
            reload(gateway)

    many_reloads(10)
    before = [(resident(pid), descriptors(pid)) for pid in (worker, control)]
    many_reloads(50)
    after = [(resident(pid), descriptors(pid)) for pid in (worker, control)]
    assert gateway.worker_pids() == [worker]
    for (memory, files), (memory_then, files_then) in zip(before, after, strict=True):
        assert memory_then - memory < GROWTH_LIMIT
        assert files_then <= files + 2
