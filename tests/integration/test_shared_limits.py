"""Two gateways with two workers each, and one Valkey: not one request above the limit, whatever dies meanwhile."""

import http.client
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from integration.conftest import Gateway
from integration.load import PACE
from valkey_server import PASSWORD, ValkeyServer, valkey_server

RATE, BURST = 300.0, 100  # a second; at once

MORE = """
  - name: limited
    match: {{path: "/limited"}}
    public: true
    respond: {{status: 200}}
    rate_limit: {{limit: 300/s, burst: 100, by: route}}
valkey: {{url: "{url}"}}
counters: {{store: valkey, node: {node}}}
"""


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with valkey_server() as server:
        yield server


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, valkey: ValkeyServer) -> Iterator[list[Gateway]]:
    gateways = []
    for name in ("one", "other"):
        folder = tmp_path_factory.mktemp(name)
        gateway = Gateway(folder)
        gateway.write(workers=2, more=MORE.format(url=valkey.url, node=name))
        gateway.launch()
        gateways.append(gateway)
    try:
        for gateway in gateways:
            gateway.wait_for_log("ready")
            gateway.until(lambda node=gateway: node.get("/limited")[0] == 200)  # type: ignore[misc]
        yield gateways
    finally:
        for gateway in gateways:
            gateway.end()


class Load:
    """Clients that ask for far more than is allowed. admitted: when each request that passed was sent, and answered."""

    def __init__(self, nodes: list[Gateway]) -> None:
        self.admitted: list[tuple[float, float]] = []
        self.statuses: set[int] = set()
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(node.port,)) for node in nodes for _ in range(2)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def until_admitted(self, more: int) -> None:
        """Wait until so many more have passed."""
        wanted = len(self.admitted) + more
        while len(self.admitted) < wanted:
            self._is_over.wait(0.01)

    def _ask(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while not self._is_over.wait(PACE):
            sent = time.monotonic()
            try:
                connection.request("GET", "/limited")
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                continue
            self.statuses.add(answer.status)
            if answer.status == 200:
                self.admitted.append((sent, time.monotonic()))
        connection.close()


def assert_never_above(admitted: list[tuple[float, float]]) -> None:
    """In no time from one request to another did more pass than the limit allows."""
    by_answer = sorted(admitted, key=lambda times: times[1])
    for start in sorted(sent for sent, _ in admitted)[::3]:
        count = 0
        for sent, answered in by_answer:
            if sent >= start:
                count += 1
                assert count <= BURST + RATE * (answered - start) + 1e-6


def test_nothing_passes_above_the_limit_whatever_dies(nodes: list[Gateway], valkey: ValkeyServer) -> None:
    one, other = nodes
    with Load(nodes) as load:
        load.until_admitted(400)
        os.kill(one.worker_pids()[0], signal.SIGKILL)
        load.until_admitted(400)
        other.signal(signal.SIGKILL)  # its workers go on with what they have, and are taken over
        other.wait_for_exit()
        load.until_admitted(200)
        other.launch()
        other.wait_for_log("ready")
        load.until_admitted(200)
        valkey.kill()
        one.wait_for_log("the counter store is lost")
        valkey.start()
        one.wait_for_log("the counter store is back")
        load.until_admitted(300)
    assert_never_above(load.admitted)
    assert load.statuses == {200, 429, 503}


def test_a_partition_is_noticed_and_its_end_too(nodes: list[Gateway], valkey: ValkeyServer) -> None:
    one, _ = nodes
    with valkey.frozen():
        one.wait_for_log("the counter store is lost")
        status, problem = one.get("/limited")
        state = one.status()["counters"]
    assert status == 503
    assert "limit-unavailable" in problem
    assert state["state"] == "lost"
    assert state["failure"].startswith("Valkey does not answer")
    one.wait_for_log("the counter store is back")
    one.until(lambda: one.get("/limited")[0] == 200)
    assert one.status()["counters"]["state"] == "connected"
    assert "hotgate_counter_store_up 1.0" in one.admin("/metrics")[1]


def test_counters_do_not_change_without_a_restart(nodes: list[Gateway], valkey: ValkeyServer) -> None:
    one, _ = nodes
    one.write(workers=2, more=MORE.format(url=valkey.url, node="renamed"))
    one.signal(signal.SIGHUP)
    assert "counters cannot change" in one.wait_for_log("the configuration is not changed")["message"]
    one.write(workers=2, more=MORE.format(url=valkey.url, node="one"))


def test_the_password_of_the_server_is_shown_nowhere(nodes: list[Gateway]) -> None:
    for node in nodes:
        assert PASSWORD not in str(node.log)
        assert PASSWORD not in str(node.status())
