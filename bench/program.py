"""A program that was started here, and how to end it: by its own pid and those of its children, never by name."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from bench.proc import process_tree, started_at

_POLL = 0.002  # seconds between two looks at something that is about to be ready


class NotReadyError(RuntimeError):
    """A program ended or stayed silent while it was waited for; the text has the end of its output."""


class Program:
    """Started at once. `output` is the file that gets its standard output and error."""

    def __init__(self, command: list[str], output: Path, env: dict[str, str] | None = None) -> None:
        self._output = output
        with output.open("ab") as sink:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self, grace: float = 5.0) -> None:
        """SIGTERM, and after `grace` seconds SIGKILL for whatever is left of the tree."""
        tree = {pid: started_at(pid) for pid in process_tree(self.pid)}
        self._process.terminate()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid, start in tree.items():
            if pid != self.pid and start >= 0 and started_at(pid) == start:
                _kill(pid)

    def complaint(self) -> str:
        """The last lines it wrote, for an error message."""
        return "\n".join(self._output.read_text(errors="replace").splitlines()[-15:])

    def wait_for_port(self, port: int, seconds: float = 20.0) -> None:
        """Return when something accepts connections on the port. Raises NotReadyError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.has_ended:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(_POLL)
        raise NotReadyError(f"nothing listens on port {port}\n{self.complaint()}")


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself in the meantime
