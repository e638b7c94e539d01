"""How a worker is started: a fresh interpreter, its orders as one argument, its sockets as inherited descriptors."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MODULE = "hotgate.runtime.worker_process"


@dataclass(frozen=True, slots=True)
class Launch:
    """What a worker is told before it can be told anything else. No secret: every user can read an argument.

    socket: path of the control process's socket. index: which of the generation's workers. generation: counts the sets
    of workers since the control process started. workers: how many the generation has. folder: the configuration's,
    where policies are imported from. listeners: listener name → descriptors. log_format: "console" or "json".
    shares_limits: with other nodes.
    """

    socket: str
    index: int
    generation: int
    workers: int
    folder: str
    listeners: Mapping[str, list[int]]
    log_format: str = "console"
    shares_limits: bool = False

    def to_argument(self) -> str:
        """The form that `from_argument` reads."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_argument(cls, argument: str) -> "Launch":
        """Raises ValueError, TypeError for anything that `to_argument` did not write."""
        return cls(**json.loads(argument))

    @property
    def descriptors(self) -> list[int]:
        """Every descriptor the worker inherits."""
        return [descriptor for descriptors in self.listeners.values() for descriptor in descriptors]


def start_worker(launch: Launch) -> "subprocess.Popen[bytes]":
    """Start the process. Raises OSError.

    A process group of its own keeps Ctrl-C of a terminal away from it: the control process decides when it drains.
    `-P` keeps the current folder off the import path.
    """
    return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [sys.executable, "-P", "-m", MODULE, launch.to_argument()],
        stdin=subprocess.DEVNULL,
        pass_fds=launch.descriptors,
        process_group=0,
    )


def end_workers(pids: Iterable[int]) -> None:
    """Have workers drain that nobody supervises. Those that have ended meanwhile are no error."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def running_workers(socket_path: Path, processes: Path = Path("/proc")) -> set[int]:
    """Process ids of this user's workers that belong to the gateway of a socket, whoever started them."""
    found = {int(entry.name) for entry in processes.iterdir() if entry.name.isdigit()}
    return {pid for pid in found if _serves(processes / str(pid), str(socket_path))}


def _serves(process: Path, socket_path: str) -> bool:
    try:
        if process.stat().st_uid != os.geteuid():
            return False
        arguments = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:  # the process ended while we looked
        return False
    return _is_worker_command([os.fsdecode(argument) for argument in arguments], socket_path)


def _is_worker_command(arguments: list[str], socket_path: str) -> bool:
    if MODULE not in arguments[:-1]:
        return False
    try:
        orders: Any = json.loads(arguments[-1])
    except ValueError:
        return False
    return isinstance(orders, dict) and orders.get("socket") == socket_path
