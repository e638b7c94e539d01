"""Two gateways that share limits over a Valkey server, for the length of a `with`."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.endurance.limit_checks import BucketCheck, WindowCheck
from bench.ports import Ports
from bench.proc import memory, process_tree
from bench.program import Program

_ROOT = Path(__file__).parents[2]
_COMMAND = [sys.executable, "-c", "from hotgate.cli import main; main()"]
NODES = ("one", "other")
WORKERS = 2  # of each node

RATE = 2000  # requests per second of one client, by either kind of limit
WINDOW = 10  # seconds of the sliding window
BUCKET, SLIDING = "/bucket", "/window"
HOT, CALM = "hot", "calm"


class LimitsSite:
    """backend: the port of the one backend, which is not started here. ports: where the gateways listen."""

    def __init__(self, ports: Ports, backend: int) -> None:
        self._backend = backend
        self._stack = ExitStack()
        self._valkey_port = ports.next()
        self._valkey: Program
        self._nodes: list[Program] = []
        self._admins = {name: ports.next() for name in NODES}
        self.ports = {name: ports.next() for name in NODES}

    def __enter__(self) -> "LimitsSite":
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hotgate-limits-")))
        self.start_valkey()
        self._stack.callback(self.stop_valkey)
        for name in NODES:
            config = self._folder / f"{name}.json"
            config.write_text(json.dumps(self._gateway(name)))
            command = [*_COMMAND, "run", "-c", str(config)]
            node = Program(command, self._folder / f"{name}.log", {"PYTHONPATH": str(_ROOT / "src")})
            self._stack.callback(node.stop)
            self._nodes.append(node)
        for node, port in zip(self._nodes, self.ports.values(), strict=True):
            node.wait_for_port(port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def start_valkey(self) -> None:
        """Empty: it remembers nothing of before."""
        command = [sys.executable, "-m", "bench.load.valkey", str(self._valkey_port)]
        self._valkey = Program(command, self._folder / "valkey.log", {"PYTHONPATH": str(_ROOT)})
        self._valkey.wait_for_port(self._valkey_port)

    def stop_valkey(self) -> None:
        """End it at once."""
        self._valkey.stop()

    @contextmanager
    def frozen_valkey(self) -> Iterator[None]:
        """In this block it takes calls and answers none; what it was asked meanwhile it does afterwards."""
        os.kill(self._valkey.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._valkey.pid, signal.SIGCONT)

    def memory(self) -> float:
        """Bytes of the gateways' processes (PSS)."""
        return sum(memory(pid)["pss"] for node in self._nodes for pid in process_tree(node.pid))

    def _gateway(self, name: str) -> Mapping[str, Any]:
        return {
            "listeners": [{"name": "web", "bind": f"127.0.0.1:{self.ports[name]}"}],
            "admin": {"bind": f"127.0.0.1:{self._admins[name]}"},
            "workers": WORKERS,
            "runtime_dir": str(self._folder / f"{name}-run"),
            "state_dir": str(self._folder / f"{name}-state"),
            "access_log": {"path": "/dev/null"},
            "limits": {"keep_alive": "600s", "max_requests_per_connection": 1_000_000_000},
            "valkey": {"url": f"valkey://127.0.0.1:{self._valkey_port}/0"},
            "counters": {"store": "valkey", "node": name, "when_lost": "share", "nodes": len(NODES)},
            "upstreams": {"api": {"targets": [f"http://127.0.0.1:{self._backend}"]}},
            "routes": [_route(path, limits) for path, limits in _LIMITS.items()],
        }


def checks(path: str) -> list[tuple[str, str, BucketCheck | WindowCheck]]:
    """What every request of the path is judged by: name of the limit, the client (all if empty), and the check."""
    own = BucketCheck(RATE, RATE) if path == BUCKET else WindowCheck(RATE * WINDOW, WINDOW)
    second = WindowCheck(4 * RATE * WINDOW, WINDOW) if path == BUCKET else BucketCheck(2 * RATE, 2 * RATE)
    return [("first", HOT, own), ("second", HOT, second), ("all", "", BucketCheck(4 * RATE, 4 * RATE))]


def _route(path: str, limits: list[Mapping[str, str]]) -> Mapping[str, Any]:
    return {"name": path[1:], "match": {"path": path}, "upstream": "api", "public": True, "rate_limit": limits}


def _sliding(name: str, rate: int) -> Mapping[str, str]:
    limit = f"{rate * WINDOW}/{WINDOW}s"
    return {"name": name, "limit": limit, "algorithm": "sliding_window", "by": "header:x-client"}


def _bucket(name: str, rate: int, by: str = "header:x-client") -> Mapping[str, str]:
    return {"name": name, "limit": f"{rate}/second", "by": by}


_ALL = _bucket("all", 4 * RATE, "route")
_LIMITS = {
    BUCKET: [_bucket("first", RATE), _sliding("second", 4 * RATE), _ALL],
    SLIDING: [_sliding("first", RATE), _bucket("second", 2 * RATE), _ALL],
}
"""Path → three limits; the first is the one that the hot client meets."""
