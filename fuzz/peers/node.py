"""Node.js: a server at `port`, and a client that asks what it is told to."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

_PROGRAM = Path(__file__).with_suffix(".js")


class Node:
    """A context manager. Raises FileNotFoundError when Node.js is not installed."""

    def __init__(self) -> None:
        command = ["node", "--max-http-header-size=131072", str(_PROGRAM)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._line())

    def ask(self, port: int, method: str) -> dict[str, Any]:
        """What its client makes of the answer: status, body (base64) and complete; or error."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"port": port, "method": method}) + "\n")
        self._process.stdin.flush()
        reading: dict[str, Any] = json.loads(self._line())
        return reading

    def _line(self) -> str:
        assert self._process.stdout is not None
        line: str = self._process.stdout.readline()
        return line

    def __enter__(self) -> "Node":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # it ends with its input
