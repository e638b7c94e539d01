"""Three backends and the gateway in front of them, each on its core, for the length of a `with`."""

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from bench.cores import Cores, pinned
from bench.load.ask import wait_until_answered
from bench.load.backend import backend_command
from bench.ports import Ports
from bench.proc import memory, process_tree
from bench.program import Program

_SOURCE = Path(__file__).parents[2] / "src"
_COMMAND = [sys.executable, "-c", "from hotgate.cli import main; main()"]


class Site:
    """port: where the gateway listens. admin: its admin interface. config: its file, which `reconfigure` replaces."""

    def __init__(self, cores: Cores, backends: int = 3) -> None:
        self._cores = cores
        self._ports = Ports()
        self._stack = ExitStack()
        self._backends = [self._ports.next() for _ in range(backends)]
        self._programs: dict[int, Program] = {}
        self.port, self.admin = self._ports.next(), self._ports.next()
        self._gateway: Program

    def __enter__(self) -> "Site":
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hotgate-endurance-")))
        self.config = self._folder / "hotgate.yaml"
        for index in range(len(self._backends)):
            self.start_backend(index)
        self._stack.callback(self._stop_backends)
        self.reconfigure(0)
        command = pinned(self._cores.server, [*_COMMAND, "run", "-c", str(self.config)])
        self._gateway = Program(command, self._folder / "gateway.log", {"PYTHONPATH": str(_SOURCE)})
        self._stack.callback(self._gateway.stop)
        wait_until_answered(self._gateway, f"http://127.0.0.1:{self.port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def reconfigure(self, number: int) -> None:
        """Write the file anew, with one route that differs; the gateway notices by itself."""
        upstream = {
            "targets": [f"http://127.0.0.1:{port}" for port in self._backends],
            # "health": {"path": "/health", "every": "1s"},
            "retries": {"attempts": 3, "on": ["connect", "reset", 502, 503]},
        }
        gateway = {
            "listeners": [{"name": "web", "bind": f"127.0.0.1:{self.port}"}],
            "admin": {"bind": f"127.0.0.1:{self.admin}"},
            "workers": 1,
            "runtime_dir": str(self._folder / "run"),
            "access_log": {"path": "/dev/null"},
            "limits": {"keep_alive": "600s"},
            "upstreams": {"api": upstream},
            "routes": [
                {"name": "api", "match": {"path": "/*"}, "upstream": "api", "public": True},
                {"name": "number", "match": {"path": "/number"}, "public": True, "respond": {"body": str(number)}},
            ],
        }
        new = self.config.with_suffix(".new")
        new.write_text(json.dumps(gateway))
        new.replace(self.config)

    def start_backend(self, index: int) -> None:
        """Start a backend that is not running."""
        port = self._backends[index]
        folder = self._folder / f"backend-{index}"
        folder.mkdir(exist_ok=True)
        self._programs[index] = program = Program(
            pinned(self._cores.load, backend_command(folder, port)), folder / "output.log"
        )
        program.wait_for_port(port)

    def stop_backend(self, index: int) -> None:
        """End a backend at once, with whatever it was doing."""
        self._programs.pop(index).stop()

    def memory(self) -> float:
        """Bytes of the gateway's processes (PSS)."""
        return sum(memory(pid)["pss"] for pid in process_tree(self._gateway.pid))

    def complaint(self) -> str:
        """The last lines of the gateway's log."""
        return self._gateway.complaint()

    def _stop_backends(self) -> None:
        for index in list(self._programs):
            self.stop_backend(index)
