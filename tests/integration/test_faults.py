"""What may go wrong with our own processes and their machine: no client that is served by a living worker notices."""

import http.client
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hotgate.runtime.workers.launch import running_workers
from integration.conftest import Gateway
from integration.customer import Customer, connect
from integration.load import PACE, kept_alive
from integration.served import metric
from integration.test_reload import is_refused
from integration.test_upgrade import control_pid

HOARDER = """
from hotgate import policy
hoard = []

@policy(phase="admit")
def keep(exchange):
    hoard.append(b"x" * (80 << 20))
"""
DEADLY = """
import os, sys
from hotgate import policy

if "runtime.worker_process" in str(sys.orig_argv):
    os._exit(3)

@policy(phase="admit")
def one(exchange): ...
"""
HOARDING = "  - {name: hoard, match: {path: /hoard}, public: true, respond: {}, policies: [{use: 'hoarder:keep'}]}"


class Persistent(threading.Thread):
    """Asks on new connections, and again when one is lost with the process that held it; what is left are failures."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self._stop_wanted = threading.Event()
        self.answers = self.lost = 0
        self.failures: list[object] = []

    def run(self) -> None:
        while not self._stop_wanted.wait(PACE):
            try:
                customer = Customer(self._port)
                status = customer.ask("/hello").status
                customer.close()
                self.answers += 1
                self.failures += [] if status == 200 else [status]
            except (ConnectionResetError, http.client.RemoteDisconnected):
                self.lost += 1
            except OSError as error:
                self.failures.append(error)

    def __enter__(self) -> "Persistent":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_wanted.set()
        self.join()


def replace_by_force(gateway: Gateway, victim: int) -> None:
    """Kill a worker, and wait for its successor."""
    os.kill(victim, signal.SIGKILL)
    gateway.until(lambda: len(pids := gateway.worker_pids()) == 2 and victim not in pids)


@pytest.mark.parametrize("is_unlucky", [False, True])
def test_any_process_may_be_killed_at_any_moment(gateway: Gateway, is_unlucky: bool) -> None:
    """The two workers are never dead together: there would be nobody to accept."""
    gateway.write(workers=2)
    gateway.start()
    with Persistent(gateway.port) as client:
        for victim in gateway.worker_pids():
            replace_by_force(gateway, victim)
        gateway.signal(signal.SIGKILL)
        gateway.wait_for_exit()
        if is_unlucky:  # the next control process dies before it serves
            gateway.launch()
            gateway.until(lambda: control_pid(gateway) == gateway.pid)
            gateway.signal(signal.SIGKILL)
            gateway.wait_for_exit()
        gateway.start()
        gateway.until_workers(2)
        replace_by_force(gateway, gateway.worker_pids()[0])
    assert client.failures == []
    assert client.answers > 10
    assert client.lost <= 3  # one client has one connection, which dies with its worker at most
    assert gateway.admin("/readyz")[0] == 200


def test_a_start_that_fails_leaves_the_workers_of_the_last_one_alone(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    workers = gateway.worker_pids()
    gateway.signal(signal.SIGKILL)
    gateway.wait_for_exit()
    (gateway.folder / "bad.py").write_text(DEADLY)
    bad = "  - {name: b, match: {path: /b}, public: true, respond: {}, policies: [{use: 'bad:one'}]}"
    gateway.write(workers=2, more=bad)
    with kept_alive(gateway.port, ["/hello"], clients=2) as clients:
        gateway.launch()
        assert gateway.wait_for_exit() == 1
    assert [client.failures for client in clients] == [[], []]
    assert all(map(gateway.is_running, workers))
    gateway.write("two", workers=2)
    gateway.start()
    gateway.until(lambda: not any(map(gateway.is_running, workers)))  # they go once they have found the new process
    assert gateway.get() == (200, "two")


def test_a_full_disk_costs_log_lines_and_nothing_else(gateway: Gateway) -> None:
    gateway.file.write_text(gateway.file.read_text().replace("access.log", "/dev/full"))
    gateway.start()
    with kept_alive(gateway.port, ["/hello"], clients=2) as clients:
        gateway.until(lambda: metric(gateway, "hotgate_log_dropped_total") > 10)
    assert [client.failures for client in clients] == [[], []]
    complaints = [line for line in gateway.log if "No space left" in line["message"]]
    assert len(complaints) == 1
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_for_exit() == 0


def test_a_worker_that_grows_too_large_is_replaced_before_it_leaves(gateway: Gateway) -> None:
    (gateway.folder / "hoarder.py").write_text(HOARDER)
    gateway.write(workers=2, more=HOARDING)
    gateway.file.write_text(gateway.file.read_text().replace("drain: 10s", "drain: 10s, worker_memory: 128MiB"))
    gateway.start()
    before = set(gateway.worker_pids())
    with kept_alive(gateway.port, ["/hello"], clients=4) as clients:
        assert gateway.get("/hoard")[0] == 200
        gateway.until(lambda: metric(gateway, "hotgate_worker_renewals_total") == 1)
        gateway.until_workers(2)
    assert [client.failures for client in clients] == [[]] * 4
    assert len(before & set(gateway.worker_pids())) == 1
    assert metric(gateway, "hotgate_worker_restarts_total") == 0
    assert 0 < metric(gateway, "hotgate_largest_worker_memory_bytes") < 128 << 20


def test_new_connections_are_refused_while_the_last_requests_are_answered(gateway: Gateway) -> None:
    """They would wait in a queue that nobody serves, and be reset at the end; a client can try another gateway now."""
    gateway.start()
    with connect(gateway.port) as busy:
        busy.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HT")
        assert busy.recv(65536).startswith(b"HTTP/1.1 200")
        gateway.signal(signal.SIGTERM)
        gateway.wait_for_log("stopping")
        gateway.until(lambda: is_refused(gateway.port))
    assert gateway.wait_for_exit() == 0


def test_a_machine_with_twice_as_much_to_do_as_it_can(gateway: Gateway) -> None:
    """Slower, but no request fails, and reloads go through."""
    gateway.write(workers=2)
    gateway.start()
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        with Persistent(gateway.port) as client:
            for number in range(3):
                gateway.write(str(number), workers=2)
                gateway.signal(signal.SIGHUP)
                gateway.wait_for_log("the configuration is in force")
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert client.answers > 0
    assert (client.failures, client.lost) == ([], 0)


def test_a_worker_whose_control_process_dies_before_there_is_a_configuration(gateway: Gateway) -> None:
    """It could serve nobody, and would keep a socket on which the kernel lets clients wait."""
    gateway.launch()
    assert gateway.process is not None
    control = gateway.process.pid
    socket_path = gateway.folder / "run" / "control.sock"
    gateway.until(lambda: running_workers(socket_path))
    os.kill(control, signal.SIGSTOP)
    (worker,) = running_workers(socket_path)
    gateway.until(lambda: Path("/proc/net/unix").read_text().count(str(socket_path)) > 1)
    os.kill(control, signal.SIGKILL)
    gateway.until(lambda: not gateway.is_running(worker))
