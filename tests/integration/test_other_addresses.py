"""Unix sockets and IPv6: for clients, for operators, and through every change of processes."""

import http.client
import os
import re
import signal
import socket
import stat
import threading
from pathlib import Path

import pytest

from integration.conftest import DEADLINE, TOKEN, Gateway
from integration.load import PACE

FILE = """
listeners: [{listener}]
admin: {{bind: "{admin}", token: "{token}"{more_admin}}}
workers: {workers}
runtime_dir: run
watch: false
limits: {{drain: 10s}}
access_log: {{path: access.log}}
routes:
  - {{name: hello, match: {{path: "/hello"}}, public: true, respond: {{status: 200, body: "{body}"}}}}
  - name: limited
    match: {{path: "/limited"}}
    public: true
    rate_limit: {{limit: 2/hour, by: address}}
    respond: {{status: 200, body: "ok"}}
"""


class UnixConnection(http.client.HTTPConnection):
    """HTTP to a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=DEADLINE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(str(self._path))


class Local:
    """A gateway whose listener and admin interface are Unix sockets."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.web = gateway.folder / "web.sock"
        self.admin = gateway.folder / "admin.sock"

    def write(self, body: str = "one", *, workers: int = 2, listener: str = "") -> None:
        text = FILE.format(
            listener=f'{{name: web, bind: "unix:{self.web}"{listener}}}',
            admin=f"unix:{self.admin}",
            token=TOKEN,
            more_admin=', mode: "0600"',
            workers=workers,
            body=body,
        )
        new = self.gateway.folder / "new.yaml"
        new.write_text(text)
        new.replace(self.gateway.file)

    def start(self) -> None:
        self.gateway.start()

    def get(self, target: str = "/hello", **fields: str) -> tuple[int, str]:
        return self._get(self.web, target, fields)

    def ask_admin(self, target: str) -> tuple[int, str]:
        return self._get(self.admin, target, {"Authorization": f"Bearer {TOKEN}"})

    def worker_pids(self) -> list[int]:
        return [int(pid) for pid in re.findall(r'"pid":(\d+)[^}]*"ready"', self.ask_admin("/api/v1/status")[1])]

    def until_ready(self, workers: int) -> None:
        self.gateway.until(lambda: len(self.worker_pids()) == workers)

    def _get(self, path: Path, target: str, fields: dict[str, str]) -> tuple[int, str]:
        connection = UnixConnection(path)
        try:
            connection.request("GET", target, headers=fields)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


class Asking(threading.Thread):
    """Asks on new connections until stopped; `failures` says what went wrong."""

    def __init__(self, local: Local) -> None:
        super().__init__()
        self._local = local
        self._stop_wanted = threading.Event()
        self.answers = 0
        self.failures: list[object] = []

    def run(self) -> None:
        while not self._stop_wanted.wait(PACE):
            try:
                status, _ = self._local.get()
                self.answers += 1
                self.failures += [] if status == 200 else [status]
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(error)

    def __enter__(self) -> "Asking":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_wanted.set()
        self.join()


@pytest.fixture
def local(gateway: Gateway) -> Local:
    made = Local(gateway)
    made.write()
    return made


def test_clients_and_operators_come_through_files(local: Local) -> None:
    local.start()
    assert {local.get() for _ in range(20)} == {(200, "one")}
    assert local.ask_admin("/readyz")[0] == 200
    assert [stat.S_IMODE(path.stat().st_mode) for path in (local.web, local.admin)] == [0o660, 0o600]
    local.gateway.signal(signal.SIGTERM)
    assert local.gateway.wait_for_exit() == 0


def test_all_clients_of_a_socket_are_one_caller(local: Local) -> None:
    local.start()
    assert [local.get("/limited")[0] for _ in range(3)] == [200, 200, 429]
    assert local.get("/limited", **{"X-Forwarded-For": "192.0.2.1"})[0] == 429


def test_a_proxy_on_the_same_machine_may_be_trusted(local: Local) -> None:
    local.write(listener=", trusted_proxies: [unix]")
    local.start()
    for client in ("192.0.2.1", "192.0.2.2"):
        assert [local.get("/limited", **{"X-Forwarded-For": client})[0] for _ in range(3)] == [200, 200, 429]


def test_no_client_notices_reloads_deaths_and_upgrades(local: Local) -> None:
    local.start()
    gateway = local.gateway
    with Asking(local) as asking:
        for workers in (1, 3):
            local.write(f"with {workers}", workers=workers)
            gateway.signal(signal.SIGHUP)
            gateway.wait_for_log("the configuration is in force")
            local.until_ready(workers)
        os.kill(local.worker_pids()[0], signal.SIGTERM)
        local.until_ready(3)
        gateway.signal(signal.SIGUSR2)
        gateway.wait_for_log("ready")
        assert gateway.wait_for_exit() == 0
    assert asking.answers
    assert asking.failures == []
    assert local.ask_admin("/readyz")[0] == 200


def test_after_a_death_of_the_control_process_clients_are_served_on(local: Local) -> None:
    local.start()
    orphans = local.worker_pids()
    with Asking(local) as asking:
        local.gateway.signal(signal.SIGKILL)
        local.gateway.wait_for_exit()
        local.gateway.start()
        local.gateway.until(lambda: not any(map(local.gateway.is_running, orphans)))
    assert asking.failures == []


def test_a_file_in_the_way_is_reported_at_its_key(local: Local) -> None:
    local.web.write_text("precious")
    local.gateway.launch()
    assert local.gateway.wait_for_exit() == 1
    assert "not a socket" in local.gateway.wait_for_log(f"{local.gateway.file}:2:")["message"]
    assert local.web.read_text() == "precious"


def test_ipv6_everywhere(gateway: Gateway) -> None:
    gateway.file.write_text(
        FILE.format(
            listener=f'{{name: web, bind: "[::1]:{gateway.port}"}}',
            admin=f"[::1]:{gateway.admin_port}",
            token=TOKEN,
            more_admin="",
            workers=2,
            body="six",
        )
    )
    gateway.host = "::1"
    gateway.start()
    assert {gateway.get() for _ in range(10)} == {(200, "six")}
    assert gateway.admin("/readyz")[0] == 200
    log = gateway.folder / "access.log"
    gateway.until(lambda: '"client":"::1"' in log.read_text())
    gateway.signal(signal.SIGUSR2)
    gateway.wait_for_log("ready")
    assert {gateway.get() for _ in range(10)} == {(200, "six")}
