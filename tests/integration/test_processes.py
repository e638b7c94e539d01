"""Start, reload, death and drain, with real processes."""

import http.client
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conftest import COMMAND, Gateway, free_port
from integration.load import PACE, kept_alive

SLOW = """
  - {{name: slow, match: {{path: "/slow"}}, public: true, upstream: backend}}
upstreams:
  backend: {{targets: ["http://127.0.0.1:{port}"]}}
"""


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


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    made = Client(gateway)
    yield made
    if made.is_alive():
        made.stop()


class SlowRequest(threading.Thread):
    """One request to the slow route; `answer` is what came back."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self.answer: tuple[int, str] | None = None
        self.start()

    def run(self) -> None:
        self.answer = self._gateway.get("/slow")


def test_starts_serves_and_stops(gateway: Gateway) -> None:
    gateway.start()
    assert gateway.get() == (200, "one")
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_for_exit() == 0


def test_a_kernel_chosen_port_is_shown_and_shared_by_all_workers(gateway: Gateway) -> None:
    gateway.port = 0
    gateway.write(workers=2)
    gateway.launch()
    address = gateway.wait_for_log("ready")["listeners"]["web"]
    gateway.port = int(address.rpartition(":")[2])
    assert {gateway.get() for _ in range(20)} == {(200, "one")}


def test_admin_interface_tells_health_and_readiness(gateway: Gateway) -> None:
    gateway.start()
    assert gateway.admin("/healthz")[0] == 200
    assert gateway.admin("/readyz")[0] == 200
    assert gateway.status()["revision"] == 1


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


def test_idle_connections_do_not_delay_the_exit(gateway: Gateway) -> None:
    gateway.start()
    idle = http.client.HTTPConnection("127.0.0.1", gateway.port)
    idle.request("GET", "/hello")
    idle.getresponse().read()
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_for_exit() == 0
    idle.close()


def test_interrupt_of_the_whole_process_group_drains_once(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    assert gateway.process is not None
    os.killpg(gateway.process.pid, signal.SIGINT)
    assert gateway.wait_for_exit() == 0
    assert not [record for record in gateway.log if record["level"] in ("raw", "error", "warning")]


def test_sighup_changes_the_configuration(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    pids = gateway.worker_pids()
    gateway.write("two", workers=2)
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log("the configuration is in force")
    assert {gateway.get() for _ in range(20)} == {(200, "two")}
    assert gateway.worker_pids() == pids
    assert gateway.admin("/readyz")[0] == 200


def test_a_bad_configuration_changes_nothing_and_says_why(gateway: Gateway) -> None:
    gateway.start()
    gateway.write("two", more="nonsense: 1")
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log("the configuration is not changed")
    assert gateway.get() == (200, "one")
    assert "nonsense" in gateway.status()["reloads"]["last_error"]
    assert 'hotgate_reloads_total{result="failed"} 1.0' in gateway.admin("/metrics")[1]


def test_a_changed_file_is_noticed(gateway: Gateway) -> None:
    gateway.write(watch=True)
    gateway.start()
    gateway.write("two", watch=True)
    gateway.wait_for_log("the configuration is in force")
    assert gateway.get() == (200, "two")


def test_another_number_of_workers_takes_over_without_a_failed_request(gateway: Gateway, client: Client) -> None:
    gateway.write(workers=3)
    gateway.start()
    client.start()
    for workers in (1, 2):
        gateway.write(f"with {workers}", workers=workers)
        gateway.signal(signal.SIGHUP)
        gateway.wait_for_log("the configuration is in force")
        gateway.until_workers(workers)
        assert {gateway.get() for _ in range(20)} == {(200, f"with {workers}")}
    client.stop()
    assert client.answers
    assert client.failures == []


def test_many_reloads_fail_no_request(gateway: Gateway, client: Client) -> None:
    gateway.write(workers=2)
    gateway.start()
    client.start()
    for number in range(20):
        gateway.write(f"body {number}", workers=2)
        gateway.signal(signal.SIGHUP)
        gateway.wait_for_log("the configuration is in force")
    client.stop()
    assert client.failures == []
    assert gateway.get() == (200, "body 19")


def test_a_new_listener_serves_beside_the_old_one(gateway: Gateway) -> None:
    gateway.start()
    port = free_port()
    text = gateway.file.read_text().replace("listeners: [", f'listeners: [{{name: more, bind: "127.0.0.1:{port}"}}, ')
    gateway.file.write_text(text)
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log("the configuration is in force")
    assert gateway.get() == (200, "one")
    gateway.port = port
    assert gateway.get() == (200, "one")


def test_listeners_and_workers_come_and_go_and_nobody_is_refused(gateway: Gateway, client: Client) -> None:
    gateway.write(workers=2)
    gateway.start()
    client.start()
    unix, port = gateway.folder / "more.sock", free_port()
    with kept_alive(gateway.port, ["/hello"], clients=2) as kept:
        for workers, more in (
            (3, f'{{name: more, bind: "unix:{unix}"}}, '),
            (1, f'{{name: more, bind: "127.0.0.1:{port}"}}, '),
            (2, f'{{name: more, bind: "unix:{unix}", mode: "0600"}}, '),
            (2, ""),
        ):
            gateway.write(workers=workers)
            gateway.file.write_text(gateway.file.read_text().replace("listeners: [", f"listeners: [{more}"))
            gateway.signal(signal.SIGHUP)
            gateway.wait_for_log("the configuration is in force")
            gateway.until_workers(workers)
    client.stop()
    assert client.answers
    assert client.failures == []
    assert [each.failures for each in kept] == [[], []]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_killed_worker_is_replaced(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    victim, survivor = gateway.worker_pids()
    os.kill(victim, signal.SIGKILL)
    gateway.until(lambda: len(gateway.worker_pids()) == 2 and victim not in gateway.worker_pids())
    assert survivor in gateway.worker_pids()
    assert {gateway.get() for _ in range(20)} == {(200, "one")}
    assert "hotgate_worker_restarts_total 1.0" in gateway.admin("/metrics")[1]


def test_a_connection_waiting_for_a_dead_worker_is_served_by_its_successor(gateway: Gateway) -> None:
    gateway.start()
    (victim,) = gateway.worker_pids()
    os.kill(victim, signal.SIGSTOP)
    with socket.create_connection(("127.0.0.1", gateway.port)) as waiting:
        waiting.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        os.kill(victim, signal.SIGKILL)
        assert waiting.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_terminated_worker_drains_and_is_replaced(gateway: Gateway, client: Client) -> None:
    gateway.write(workers=2)
    gateway.start()
    client.start()
    victim, _ = gateway.worker_pids()
    os.kill(victim, signal.SIGTERM)
    gateway.until(lambda: len(gateway.worker_pids()) == 2 and victim not in gateway.worker_pids())
    client.stop()
    assert client.failures == []


def test_workers_survive_the_control_process_and_a_new_one_takes_over(gateway: Gateway, client: Client) -> None:
    gateway.write(workers=2)
    gateway.start()
    orphans = gateway.worker_pids()
    client.start()
    gateway.signal(signal.SIGKILL)
    gateway.wait_for_exit()
    assert {gateway.get() for _ in range(20)} == {(200, "one")}
    gateway.write("two", workers=2)
    gateway.start()
    gateway.until(lambda: not any(map(gateway.is_running, orphans)))
    assert {gateway.get() for _ in range(20)} == {(200, "two")}
    client.stop()
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


def test_a_second_run_names_the_first(gateway: Gateway) -> None:
    gateway.start()
    assert gateway.process is not None
    second = Gateway(gateway.folder)
    second.launch()
    assert second.wait_for_exit() == 1
    assert f"already running, pid {gateway.process.pid}" in second.wait_for_log(str(gateway.file))["message"]
    assert gateway.get() == (200, "one")


def test_a_broken_file_stops_the_start(gateway: Gateway) -> None:
    gateway.write(more="nonsense: 1")
    gateway.launch()
    assert gateway.wait_for_exit() == 1
    assert "nonsense" in gateway.wait_for_log(str(gateway.file))["message"]


def test_metrics_are_summed_over_workers_and_outlive_them(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    for _ in range(40):
        gateway.get()
    gateway.until(lambda: _requests(gateway) == 40)
    os.kill(gateway.worker_pids()[0], signal.SIGTERM)
    gateway.until(lambda: "hotgate_worker_restarts_total 1.0" in gateway.admin("/metrics")[1])
    assert _requests(gateway) == 40


def test_a_worker_imports_nothing_of_the_control_plane(gateway: Gateway) -> None:
    gateway.start()
    (pid,) = gateway.worker_pids()
    maps = Path(f"/proc/{pid}/maps").read_text()
    assert "uvloop" in maps
    resident = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert resident is not None
    assert int(resident[1]) <= 60 * 1024


def _requests(gateway: Gateway) -> float:
    lines = gateway.admin("/metrics")[1].splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("hotgate_requests_total{"))


@pytest.mark.parametrize("closed", ["<&- >&-", "<&-"])
def test_closed_standard_streams_stop_nothing_and_are_no_sockets(gateway: Gateway, closed: str) -> None:
    gateway.write(workers=1)
    gateway.launch_as(["sh", "-c", f'exec "$0" "$@" {closed}', sys.executable, "-c", COMMAND])
    gateway.wait_for_log("ready")
    assert [gateway.get() for _ in range(5)] == [(200, "one")] * 5
    for pid in (gateway.pid, *gateway.worker_pids()):
        assert Path(f"/proc/{pid}/fd/0").readlink() == Path("/dev/null")
        assert Path(f"/proc/{pid}/fd/1").readlink() == Path("/dev/null")
