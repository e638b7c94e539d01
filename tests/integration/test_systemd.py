"""Under systemd, played by the test: sockets that it opened, and what it is told, with real processes."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conftest import COMMAND, DEADLINE, Gateway
from integration.test_upgrade import control_pid

# What systemd does between fork and exec: descriptors from 3 on, and the process they are meant for.
ACTIVATE = """
import os, sys
for index, given in enumerate(sys.argv[1].split(",")):
    os.dup2(int(given), 3 + index)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(index + 1), LISTEN_FDNAMES=sys.argv[2])
os.execv(sys.executable, [sys.executable, *sys.argv[3:]])
"""


class Systemd:
    """Its end of the notification socket; `told` waits for a message."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listening.bind(str(self.path))
        self._listening.settimeout(DEADLINE)

    def told(self, beginning: str) -> list[str]:
        while True:
            lines = self._listening.recv(4096).decode().split("\n")
            if lines[0] == beginning:
                return lines

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    made = Systemd(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", str(made.path))
    monkeypatch.setenv("WATCHDOG_USEC", "3000000")
    yield made
    made.close()


def activate(gateway: Gateway, listening: dict[str, socket.socket]) -> None:
    """Have the gateway started with these sockets."""
    descriptors = [each.fileno() for each in listening.values()]
    numbers = ",".join(map(str, descriptors))
    gateway.launch_as([sys.executable, "-c", ACTIVATE, numbers, ":".join(listening), "-c", COMMAND], descriptors)
    gateway.wait_for_log("ready")


def test_it_is_told_of_every_change(gateway: Gateway, systemd: Systemd) -> None:
    gateway.start()
    assert systemd.told("READY=1")[1].startswith("STATUS=serving 1 routes")
    systemd.told("WATCHDOG=1")
    gateway.signal(signal.SIGHUP)
    assert systemd.told("RELOADING=1")[1].startswith("MONOTONIC_USEC=")
    systemd.told("READY=1")
    gateway.write(more="nonsense: 1")
    gateway.signal(signal.SIGHUP)
    systemd.told("RELOADING=1")
    assert "nonsense" in systemd.told("READY=1")[1]
    gateway.signal(signal.SIGTERM)
    assert "EXTEND_TIMEOUT_USEC=20000000" in systemd.told("STOPPING=1")


def test_it_is_told_which_process_is_the_main_one_after_an_upgrade(gateway: Gateway, systemd: Systemd) -> None:
    gateway.start()
    systemd.told("READY=1")
    gateway.signal(signal.SIGUSR2)
    successor = gateway.successor()
    systemd.told(f"MAINPID={successor}")
    assert gateway.wait_for_exit() == 0
    systemd.told("READY=1")
    systemd.told("WATCHDOG=1")
    assert control_pid(gateway) == successor


def test_workers_know_nothing_of_it(gateway: Gateway, systemd: Systemd) -> None:
    gateway.start()
    (worker,) = gateway.worker_pids()
    environment = Path(f"/proc/{worker}/environ").read_bytes()
    assert b"NOTIFY_SOCKET" not in environment
    assert b"LISTEN_" not in environment


def test_its_sockets_are_served_by_name_and_by_address(gateway: Gateway) -> None:
    with socket.create_server(("127.0.0.1", 0)) as named, socket.create_server(("127.0.0.1", gateway.port)) as known:
        gateway.write(workers=2)
        more = '{name: more, bind: "systemd:extra"}'
        gateway.file.write_text(gateway.file.read_text().replace("listeners: [", f"listeners: [{more}, "))
        activate(gateway, {"extra": named, "web.socket": known})
        assert gateway.get() == (200, "one")
        gateway.port = named.getsockname()[1]
        assert {gateway.get() for _ in range(10)} == {(200, "one")}
        os.kill(gateway.worker_pids()[0], signal.SIGKILL)
        gateway.until(lambda: len(gateway.worker_pids()) == 2)
        gateway.signal(signal.SIGUSR2)  # the successor gets them from us, not from systemd
        gateway.wait_for_log("ready")
        assert {gateway.get() for _ in range(10)} == {(200, "one")}


def test_a_socket_that_it_did_not_pass_is_missed_at_its_key(gateway: Gateway) -> None:
    gateway.write()
    gateway.file.write_text(gateway.file.read_text().replace(f"127.0.0.1:{gateway.port}", "systemd:web"))
    gateway.launch()
    assert gateway.wait_for_exit() == 1
    message = gateway.wait_for_log(f"{gateway.file}:2:")["message"]
    assert "systemd has passed no socket of the name web" in message


def test_a_connection_that_waited_before_the_start_is_served(gateway: Gateway) -> None:
    address = ("127.0.0.1", gateway.port)
    with socket.create_server(address) as listening, socket.create_connection(address) as early:
        early.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        activate(gateway, {"web": listening})
        assert early.recv(65536).startswith(b"HTTP/1.1 200")
