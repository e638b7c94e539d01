"""A real gateway: real processes, real sockets on the loopback interface, a configuration in a temporary folder."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from free_ports import free_port

SOURCES = Path(__file__).parents[2] / "src"
COMMAND = "from hotgate.cli import main; main()"
DEADLINE = 30.0  # seconds; only a failing test takes so long

TOKEN = "hga_token-of-the-tests-0123456789abcdef"

TEMPLATE = """
listeners: [{{name: web, bind: "127.0.0.1:{port}"}}]
admin: {{bind: "127.0.0.1:{admin_port}", token: "{token}"}}
workers: {workers}
runtime_dir: run
watch: {watch}
limits: {{drain: 10s}}
access_log: {{path: access.log}}
routes:
  - {{name: hello, match: {{path: "/hello"}}, public: true, respond: {{status: 200, body: "{body}"}}}}
{more}
"""


class Gateway:
    """One `hotgate run` and its configuration file. `log` collects the lines of its standard error."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "hotgate.yaml"
        self.host = "127.0.0.1"
        self.port = free_port()
        self.admin_port = free_port()
        self.command = COMMAND
        self.log: list[dict[str, Any]] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._news = threading.Condition()
        self._seen = 0
        self._pids: set[int] = set()

    def write(self, body: str = "one", *, workers: int = 1, watch: bool = False, more: str = "") -> None:
        """Replace the file at once, as an editor does."""
        text = TEMPLATE.format(
            port=self.port,
            admin_port=self.admin_port,
            token=TOKEN,
            workers=workers,
            watch=str(watch).lower(),
            body=body,
            more=more,
        )
        new = self.folder / "new.yaml"
        new.write_text(text)
        new.replace(self.file)

    def launch(self) -> None:
        """Start the process without waiting for anything."""
        self.launch_as([sys.executable, "-c", self.command])

    def launch_as(self, program: Sequence[str], descriptors: Sequence[int] = ()) -> None:
        """Start it by another command, which inherits descriptors."""
        self.process = subprocess.Popen(
            [*program, "run", "--config", str(self.file), "--log-format", "json"],
            pass_fds=descriptors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), os.environ.get("PYTHONPATH", "")])},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        threading.Thread(target=self._read_log, args=(self.process,), daemon=True).start()

    def start(self) -> None:
        """Start the process and wait until it says that it is ready."""
        self.launch()
        self.wait_for_log("ready")

    def wait_for_log(self, beginning: str) -> dict[str, Any]:
        """The next log line, after those already waited for, whose message begins so."""
        with self._news:
            found = self._news.wait_for(lambda: self._find(beginning), DEADLINE)
        if found is None:
            raise AssertionError(f"no {beginning!r} in {self.log}")
        return found

    def forget_log(self) -> None:
        """Let `wait_for_log` find only what comes from now on."""
        self._seen = len(self.log)

    def wait_for_exit(self) -> int:
        """The exit status."""
        assert self.process is not None
        return self.process.wait(DEADLINE)

    @property
    def pid(self) -> int:
        """The control process that was started last."""
        assert self.process is not None
        return self.process.pid

    def successor(self) -> int:
        """The process that an upgrade has started."""
        return int(self.wait_for_log("upgrade: process")["message"].split()[2])

    def signal(self, number: int) -> None:
        """Send a signal to the control process."""
        assert self.process is not None
        self.process.send_signal(number)

    def get(self, path: str = "/hello", port: int = 0) -> tuple[int, str]:
        """One request on a connection of its own. port: of another listener."""
        return self._get(port or self.port, path)

    def admin(self, path: str) -> tuple[int, str]:
        """One request to the admin interface, with the token."""
        return self._get(self.admin_port, path, {"Authorization": f"Bearer {TOKEN}"})

    def status(self) -> dict[str, Any]:
        """What the admin interface says about the gateway."""
        status: dict[str, Any] = json.loads(self.admin("/api/v1/status")[1])
        self._pids.update(worker["pid"] for worker in status["workers"])
        return status

    def worker_pids(self) -> list[int]:
        """The workers that are ready."""
        return [worker["pid"] for worker in self.status()["workers"] if worker["state"] == "ready"]

    def until(self, condition: Callable[[], object]) -> None:
        """Ask again and again until something is true."""
        end = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"it did not come true; log: {self.log}")
            threading.Event().wait(0.02)

    def until_workers(self, number: int) -> None:
        """Wait until so many worker processes are left."""
        self.until(lambda: len(self.status()["workers"]) == number)

    def is_running(self, pid: int) -> bool:
        """True while the process exists and is not a zombie."""
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def end(self) -> None:
        """End every process that was started here."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        while running := {pid for pid in self._pids | self._left_behind() if self.is_running(pid)}:
            for pid in running:  # and once more: who took over replaces its workers until it is killed itself
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _left_behind(self) -> set[int]:
        marks = (f'"socket":"{self.folder}/'.encode(), os.fsencode(self.file))  # workers, and who took over
        found = set()
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and any(mark in (entry / "cmdline").read_bytes() for mark in marks):
                    found.add(int(entry.name))
            except OSError:
                continue
        return found

    def _get(self, port: int, path: str, fields: Mapping[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.host, port, timeout=DEADLINE)
        try:
            connection.request("GET", path, headers=fields or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def _read_log(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                with self._news:
                    self.log.append(_parsed(line))
                    self._news.notify_all()

    def _find(self, beginning: str) -> dict[str, Any] | None:
        for index in range(self._seen, len(self.log)):
            if self.log[index]["message"].startswith(beginning):
                self._seen = index + 1
                return self.log[index]
        return None


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"message": line.decode(errors="replace"), "level": "raw"}
    return record


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that is not running yet; its processes are ended after the test."""
    made = Gateway(tmp_path)
    made.write()
    yield made
    made.end()
