"""Start, reload, death and drain, with real processes. Tests that end nothing but workers share one gateway."""

import http.client
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from free_ports import free_port
from integration.conftest import COMMAND, Gateway
from integration.load import PACE, kept_alive
from integration.served import metric, reload

SLOW = """
  - {{name: slow, match: {{path: "/slow"}}, public: true, upstream: backend}}
upstreams:
  backend: {{targets: ["http://127.0.0.1:{port}"]}}
"""

COUNTED = "  - {name: counted, match: {path: /counted}, public: true, respond: {}}"


class Backend:
    """Answers each request only when `release` is set; `asked` is set when one has arrived."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.release = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self.release.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                self.asked.set()
                self.release.wait(30)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nslow")


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend()
    yield made
    made.close()


class Client(threading.Thread):
    """Sends requests one after the other, each on a new connection, until stopped; `failures` says what went wrong."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._stop_wanted = threading.Event()
        self.answers = 0
        self.failures: list[object] = []

    def run(self) -> None:
        while not self._stop_wanted.wait(PACE):
            try:
                status, _ = self._gateway.get()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(error)
                continue
            self.answers += 1
            if status != 200:
                self.failures.append(status)

    def stop(self) -> None:
        self._stop_wanted.set()
        self.join()


@contextmanager
def client_of(gateway: Gateway) -> Iterator[Client]:
    """Asks for the length of a block."""
    client = Client(gateway)
    client.start()
    try:
        yield client
    finally:
        client.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    made = Gateway(tmp_path_factory.mktemp("gateway"))
    made.write(workers=2, more=COUNTED)
    made.start()
    yield made
    made.end()


@pytest.fixture
def served(running: Gateway) -> Gateway:
    """The gateway that all share: two workers, and in force what it began with."""
    left = running.file.read_bytes()
    running.write(workers=2, more=COUNTED)
    if running.file.read_bytes() != left:
        running.forget_log()
        reload(running)
        running.until_workers(2)
    running.forget_log()
    return running


class SlowRequest(threading.Thread):
    """One request to the slow route; `answer` is what came back."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self.answer: tuple[int, str] | None = None
        self.start()

    def run(self) -> None:
        self.answer = self._gateway.get("/slow")


def test_starts_serves_and_stops_without_waiting_for_idle_connections(gateway: Gateway) -> None:
    gateway.start()
    assert gateway.status()["revision"] == 1
    idle = http.client.HTTPConnection("127.0.0.1", gateway.port)
    idle.request("GET", "/hello")
    assert idle.getresponse().read() == b"one"
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_for_exit() == 0
    idle.close()


def test_a_kernel_chosen_port_is_shown_and_shared_by_all_workers(gateway: Gateway) -> None:
    gateway.port = 0
    gateway.write(workers=2)
    gateway.launch()
    address = gateway.wait_for_log("ready")["listeners"]["web"]
    gateway.port = int(address.rpartition(":")[2])
    assert {gateway.get() for _ in range(20)} == {(200, "one")}


def test_admin_interface_tells_health_and_readiness(served: Gateway) -> None:
    assert served.admin("/healthz")[0] == 200
    assert served.admin("/readyz")[0] == 200


def test_requests_in_flight_are_finished_before_the_exit(gateway: Gateway, backend: Backend) -> None:
    gateway.write(more=SLOW.format(port=backend.port))
    gateway.start()
    slow = SlowRequest(gateway)
    assert backend.asked.wait(10)
    gateway.signal(signal.SIGTERM)
    gateway.wait_for_log("stopping")
    backend.release.set()
    slow.join()
    assert slow.answer == (200, "slow")
    assert gateway.wait_for_exit() == 0


def test_a_second_signal_stops_at_once(gateway: Gateway, backend: Backend) -> None:
    gateway.write(more=SLOW.format(port=backend.port))
    gateway.start()
    with socket.create_connection(("127.0.0.1", gateway.port)) as slow:
        slow.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert backend.asked.wait(10)
        gateway.signal(signal.SIGTERM)
        gateway.wait_for_log("stopping")
        gateway.signal(signal.SIGTERM)
        assert gateway.wait_for_exit() == 0


def test_interrupt_of_the_whole_process_group_drains_once(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    assert gateway.process is not None
    os.killpg(gateway.process.pid, signal.SIGINT)
    assert gateway.wait_for_exit() == 0
    assert not [record for record in gateway.log if record["level"] in ("raw", "error", "warning")]


def test_sighup_changes_the_configuration(served: Gateway) -> None:
    pids, revision = served.worker_pids(), served.status()["revision"]
    served.write("two", workers=2)
    reload(served)
    assert {served.get() for _ in range(20)} == {(200, "two")}
    assert served.worker_pids() == pids
    assert served.status()["revision"] == revision + 1
    assert served.admin("/readyz")[0] == 200


def test_a_bad_configuration_changes_nothing_and_says_why(served: Gateway) -> None:
    failed = metric(served, "hotgate_reloads_total", result="failed")
    served.write("two", more="nonsense: 1")
    served.signal(signal.SIGHUP)
    served.wait_for_log("the configuration is not changed")
    assert served.get() == (200, "one")
    assert "nonsense" in served.status()["reloads"]["last_error"]
    assert metric(served, "hotgate_reloads_total", result="failed") == failed + 1


def test_a_changed_file_is_noticed(gateway: Gateway) -> None:
    gateway.write(watch=True)
    gateway.start()
    gateway.write("two", watch=True)
    gateway.wait_for_log("the configuration is in force")
    assert gateway.get() == (200, "two")


def test_another_number_of_workers_takes_over_without_a_failed_request(served: Gateway) -> None:
    with client_of(served) as client:
        for workers in (3, 1, 2):
            served.write(f"with {workers}", workers=workers)
            reload(served)
            served.until_workers(workers)
            assert {served.get() for _ in range(20)} == {(200, f"with {workers}")}
    assert client.answers
    assert client.failures == []


def test_many_reloads_fail_no_request(served: Gateway) -> None:
    with client_of(served) as client:
        for number in range(20):
            served.write(f"body {number}", workers=2)
            reload(served)
    assert client.failures == []
    assert served.get() == (200, "body 19")


def test_listeners_and_workers_come_and_go_and_nobody_is_refused(served: Gateway) -> None:
    unix, port = served.folder / "more.sock", free_port()
    with kept_alive(served.port, ["/hello"], clients=2) as kept, client_of(served) as client:
        for workers, more in (
            (3, f'{{name: more, bind: "unix:{unix}"}}, '),
            (1, f'{{name: more, bind: "127.0.0.1:{port}"}}, '),
            (2, f'{{name: more, bind: "unix:{unix}", mode: "0600"}}, '),
            (2, ""),
        ):
            served.write(workers=workers)
            served.file.write_text(served.file.read_text().replace("listeners: [", f"listeners: [{more}"))
            reload(served)
            served.until_workers(workers)
            assert served.get() == (200, "one")
            if str(port) in more:
                assert served.get(port=port) == (200, "one")
    assert client.answers
    assert client.failures == []
    assert [each.failures for each in kept] == [[], []]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_killed_worker_is_replaced(served: Gateway) -> None:
    victim, survivor = served.worker_pids()
    restarts = metric(served, "hotgate_worker_restarts_total")
    os.kill(victim, signal.SIGKILL)
    served.until(lambda: len(served.worker_pids()) == 2 and victim not in served.worker_pids())
    assert survivor in served.worker_pids()
    assert {served.get() for _ in range(20)} == {(200, "one")}
    assert metric(served, "hotgate_worker_restarts_total") == restarts + 1


def test_a_connection_waiting_for_a_dead_worker_is_served_by_its_successor(gateway: Gateway) -> None:
    gateway.start()
    (victim,) = gateway.worker_pids()
    os.kill(victim, signal.SIGSTOP)
    with socket.create_connection(("127.0.0.1", gateway.port)) as waiting:
        waiting.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        os.kill(victim, signal.SIGKILL)
        assert waiting.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_terminated_worker_drains_and_is_replaced(served: Gateway) -> None:
    victim, _ = served.worker_pids()
    with client_of(served) as client:
        os.kill(victim, signal.SIGTERM)
        served.until(lambda: len(served.worker_pids()) == 2 and victim not in served.worker_pids())
    assert client.failures == []


def test_workers_survive_the_control_process_and_a_new_one_takes_over(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    orphans = gateway.worker_pids()
    with client_of(gateway) as client:
        gateway.signal(signal.SIGKILL)
        gateway.wait_for_exit()
        assert {gateway.get() for _ in range(20)} == {(200, "one")}
        gateway.write("two", workers=2)
        gateway.start()
        gateway.until(lambda: not any(map(gateway.is_running, orphans)))
        assert {gateway.get() for _ in range(20)} == {(200, "two")}
    assert client.failures == []


def test_a_port_in_use_is_reported_at_its_key(gateway: Gateway) -> None:
    with socket.create_server(("127.0.0.1", gateway.port)):
        gateway.launch()
        assert gateway.wait_for_exit() == 1
    assert "in use" in gateway.wait_for_log(f"{gateway.file}:2:")["message"]


def test_a_port_that_another_program_shares_is_not_joined(gateway: Gateway) -> None:
    with socket.create_server(("127.0.0.1", gateway.port), reuse_port=True):
        gateway.launch()
        assert gateway.wait_for_exit() == 1
    assert "listeners[0].bind" in gateway.wait_for_log(f"{gateway.file}:2:")["message"]


def test_a_busy_admin_port_is_reported_at_its_key(gateway: Gateway) -> None:
    with socket.create_server(("127.0.0.1", gateway.admin_port)):
        gateway.launch()
        assert gateway.wait_for_exit() == 1
    assert "admin.bind" in gateway.wait_for_log(f"{gateway.file}:3:")["message"]


def test_a_second_run_names_the_first(served: Gateway) -> None:
    second = Gateway(served.folder)
    second.launch()
    assert second.wait_for_exit() == 1
    assert f"already running, pid {served.pid}" in second.wait_for_log(str(served.file))["message"]
    assert served.get() == (200, "one")


def test_a_broken_file_stops_the_start(gateway: Gateway) -> None:
    gateway.write(more="nonsense: 1")
    gateway.launch()
    assert gateway.wait_for_exit() == 1
    assert "nonsense" in gateway.wait_for_log(str(gateway.file))["message"]


def test_metrics_are_summed_over_workers_and_outlive_them(served: Gateway) -> None:
    for _ in range(40):
        served.get("/counted")
    served.until(lambda: metric(served, "hotgate_requests_total", route="counted") == 40)
    restarts = metric(served, "hotgate_worker_restarts_total")
    os.kill(served.worker_pids()[0], signal.SIGTERM)
    served.until(lambda: metric(served, "hotgate_worker_restarts_total") == restarts + 1)
    assert metric(served, "hotgate_requests_total", route="counted") == 40


def test_a_worker_imports_nothing_of_the_control_plane(gateway: Gateway) -> None:
    gateway.start()
    (pid,) = gateway.worker_pids()
    maps = Path(f"/proc/{pid}/maps").read_text()
    assert "uvloop" in maps
    resident = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert resident is not None
    assert int(resident[1]) <= 60 * 1024


@pytest.mark.parametrize("closed", ["<&- >&-", "<&-"])
def test_closed_standard_streams_stop_nothing_and_are_no_sockets(gateway: Gateway, closed: str) -> None:
    gateway.write(workers=1)
    gateway.launch_as(["sh", "-c", f'exec "$0" "$@" {closed}', sys.executable, "-c", COMMAND])
    gateway.wait_for_log("ready")
    assert [gateway.get() for _ in range(5)] == [(200, "one")] * 5
    for pid in (gateway.pid, *gateway.worker_pids()):
        assert Path(f"/proc/{pid}/fd/0").readlink() == Path("/dev/null")
        assert Path(f"/proc/{pid}/fd/1").readlink() == Path("/dev/null")
