"""Backends that are dead, slow, rude or restarting: the client gets an answer, and nobody else notices."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from free_ports import free_port
from integration.backend import Backend, backend_running
from integration.conftest import Gateway
from integration.customer import Customer, ask, raw
from integration.load import kept_alive
from integration.served import metric, serving

CONFIG = """
upstreams:
  echo: {{targets: ["{url}"], timeouts: {{connect: 500ms, read: 500ms}}}}
  dead: {{targets: ["http://127.0.0.1:{dead}"]}}
  half_dead: {{targets: ["{url}", "http://127.0.0.1:{dead}"]}}
  narrow: {{targets: ["{url}"], max_connections: 1, timeouts: {{connect: 300ms, read: 20s}}}}
defaults: {{public: true}}
routes:
  - {{name: dead, match: {{path: "/dead"}}, upstream: dead}}
  - {{name: half-dead, match: {{path: "/half-dead"}}, upstream: half_dead}}
  - {{name: narrow, match: {{path: "/narrow/*"}}, upstream: narrow, rewrite: {{strip_prefix: /narrow}}}}
  - {{name: all, match: {{path: "/*"}}, upstream: echo}}
"""


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with backend_running() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Iterator[Gateway]:
    text = CONFIG.format(url=backend.url, dead=free_port())
    with serving(tmp_path_factory.mktemp("backends"), text) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/dead", 502, "upstream-connect-failed"),
        ("/reset", 502, "upstream-closed"),
        ("/garbage", 502, "upstream-invalid-answer"),
        ("/wait", 504, "upstream-timeout"),
    ],
)
def test_a_failure_is_told_by_its_kind(gateway: Gateway, path: str, status: int, code: str) -> None:
    with Customer(gateway.port) as customer:
        answer = customer.ask(path)
        assert (answer.status, answer.code) == (status, code)
        assert "127.0.0.1" not in answer.body.decode()  # where the backends are is nobody's business
        assert customer.ask("/fine").status == 200  # on the same connection
    gateway.until(lambda: metric(gateway, "hotgate_refused_total", code=code) >= 1)


def test_an_answer_that_is_cut_short_never_looks_complete(gateway: Gateway) -> None:
    answer = raw(gateway.port, b"GET /half HTTP/1.1\r\nHost: a\r\n\r\n")  # ends only if the gateway closes
    assert len(answer.partition(b"\r\n\r\n")[2]) < 1000
    gateway.until(lambda: '"upstream-cut-short"' in (gateway.folder / "access.log").read_text())


def test_one_dead_target_of_two_still_answers(gateway: Gateway) -> None:
    statuses = [ask(gateway.port, "/half-dead").status for _ in range(10)]
    assert statuses.count(200) >= 5
    assert set(statuses) <= {200, 502}


def test_a_request_with_a_body_fails_in_order(gateway: Gateway) -> None:
    with Customer(gateway.port) as customer:
        for path in ("/dead", "/reset"):
            assert customer.ask(path, method="POST", body=b"x" * 100_000).status == 502
        assert customer.ask("/fine", method="POST", body=b"x" * 100_000).json["body"] == "x" * 100_000


def test_who_waits_too_long_for_a_connection_is_turned_away(gateway: Gateway, backend: Backend) -> None:
    backend.asked.clear()
    backend.release.clear()
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(ask(gateway.port, "/narrow/wait").status))
    first.start()
    assert backend.asked.wait(10)
    second = ask(gateway.port, "/narrow/fine")
    assert second.status in (503, 504)
    backend.release.set()
    first.join()
    backend.release.clear()
    assert answers == [200]
    assert ask(gateway.port, "/narrow/fine").status == 200


def test_a_client_that_leaves_takes_its_request_with_it(gateway: Gateway, backend: Backend) -> None:
    backend.asked.clear()
    with Customer(gateway.port) as customer:
        customer.send("/narrow/wait")
        assert backend.asked.wait(10)
    gateway.until(lambda: metric(gateway, "hotgate_requests_total", route="narrow", status="499") == 1)
    assert ask(gateway.port, "/narrow/fine").status == 200  # the only connection is free again
    backend.release.set()


def test_a_restart_of_the_backend_is_survived(tmp_path: Path) -> None:
    backend = Backend()
    with serving(tmp_path, CONFIG.format(url=backend.url, dead=free_port())) as gateway:
        with kept_alive(gateway.port, ["/fine"]) as clients:
            gateway.until(lambda: backend.served > 50)
            backend.stop()
            gateway.until(lambda: all(client.statuses[502] for client in clients))
            backend = Backend(backend.port)
            gateway.until(lambda: backend.served > 50)
        backend.stop()
    assert [failure for client in clients for failure in client.failures] == []
    assert {status for client in clients for status in client.statuses} == {200, 502}
