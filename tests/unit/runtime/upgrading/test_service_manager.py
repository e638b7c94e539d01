import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotgate.runtime.upgrading.service_manager import ServiceManager


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def told(systemd: socket.socket) -> list[str]:
    return systemd.recv(4096).decode().split("\n")


def test_systemd_is_told_what_happens(systemd: socket.socket) -> None:
    service = ServiceManager({"NOTIFY_SOCKET": systemd.getsockname()})
    service.ready("serving\nwell")
    assert told(systemd) == ["READY=1", "STATUS=serving well"]
    service.reloading()
    kind, moment = told(systemd)
    assert kind == "RELOADING=1"
    assert int(moment.removeprefix("MONOTONIC_USEC=")) > 0
    service.stopping(30.0)
    assert told(systemd) == ["STOPPING=1", "STATUS=draining for at most 30 s", "EXTEND_TIMEOUT_USEC=40000000"]
    service.succeeded_by(7)
    assert told(systemd) == ["MAINPID=7"]


def test_an_abstract_address() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("")
        ServiceManager({"NOTIFY_SOCKET": "@" + systemd.getsockname()[1:].decode()}).ready("here")
        assert systemd.recv(100).startswith(b"READY=1")


def test_the_watchdog_is_fed_only_if_there_is_one(systemd: socket.socket) -> None:
    address = systemd.getsockname()
    ServiceManager({"NOTIFY_SOCKET": address}).alive()
    with pytest.raises(BlockingIOError):
        told(systemd)
    ServiceManager({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "5000000"}).alive()
    assert told(systemd) == ["WATCHDOG=1"]


def test_a_successor_speaks_to_systemd_and_workers_do_not() -> None:
    environment = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "5", "WATCHDOG_PID": "42", "PATH": "/bin"}
    assert ServiceManager(environment).environment == {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "5"}
    assert environment == {"PATH": "/bin"}


def test_nobody_to_tell_is_no_problem(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ServiceManager({}).ready("")
    assert not caplog.records
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("")
    assert "READY=1" in caplog.records[0].message
