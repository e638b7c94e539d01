"""A gateway that runs out of file descriptors turns clients away, keeps serving the others, and recovers."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from integration.backend import backend_running
from integration.conftest import COMMAND, Gateway
from integration.customer import Customer, connect, read_all
from integration.served import metric, write

LIMIT = 256
SCARCE = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({LIMIT}, {LIMIT})); {COMMAND}"
POLICY = """
import os

from hotgate import Exchange, policy

held = []


@policy
def hog(exchange: Exchange) -> None:
    if exchange.request.path == "/take":
        try:
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
    elif exchange.request.path == "/give":
        while held:
            os.close(held.pop())
"""
# Nobody makes room for others: it is about what happens when there is none.
CONFIG = """
overload: {{enabled: false}}
upstreams:
  echo: {{targets: ["{url}"]}}
defaults: {{public: true}}
routes:
  - {{name: own, match: {{path: "/own"}}, respond: {{body: "mine"}}}}
  - {{name: hog, match: {{path: "/*"}}, upstream: echo, policies: [{{use: "hog:hog"}}]}}
"""


@pytest.fixture
def scarce(tmp_path: Path) -> Iterator[Gateway]:
    with backend_running() as backend:
        (tmp_path / "hog.py").write_text(POLICY)
        gateway = Gateway(tmp_path)
        gateway.command = SCARCE
        write(gateway, CONFIG.format(url=backend.url))
        try:
            gateway.start()
            yield gateway
        finally:
            gateway.end()


def test_clients_are_turned_away_before_backends_are_out_of_reach(scarce: Gateway) -> None:
    assert any("limits.max_connections" in line["message"] for line in scarce.log)
    with ExitStack() as stack, Customer(scarce.port) as served:
        assert served.ask("/echo").status == 200
        clients = [stack.enter_context(connect(scarce.port)) for _ in range(LIMIT)]
        scarce.until(lambda: metric(scarce, "hotgate_connections_refused_total", reason="descriptors") > 0)
        assert served.ask("/echo").status == 200
        assert b"too-many-connections" in read_all(clients[-1])
        others = [stack.enter_context(Customer(scarce.port)) for _ in range(3)]
        assert [other.ask("/echo").status for other in others] == [503] * 3
    with Customer(scarce.port) as later:
        scarce.until(lambda: metric(scarce, "hotgate_connections_open") < 2)
        assert later.ask("/echo").status == 200


def test_not_one_descriptor_is_left(scarce: Gateway) -> None:
    with Customer(scarce.port) as served:
        assert served.ask("/give").status == 200
        before = scarce.worker_pids()
        assert served.ask("/take").status in (200, 503)
        assert served.ask("/own").body == b"mine"
        answers = []
        for _ in range(50):
            served.ask("/take")  # what has been given back meanwhile, by a connection that ended, say
            with socket.create_connection(("127.0.0.1", scarce.port), timeout=10) as extra:
                with suppress(ConnectionError):
                    extra.sendall(b"GET /own HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                answers.append(read_all(extra))
        assert answers.count(b"") > 40, "accepted and closed at once"
        assert served.ask("/own").status == 200
        served.ask("/give")
        assert served.ask("/echo").status == 200
        with Customer(scarce.port) as other:
            assert other.ask("/echo").status == 200
        assert scarce.worker_pids() == before
