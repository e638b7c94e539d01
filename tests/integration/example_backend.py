"""The backends of `examples/`, started as their READMEs say, in a copy of their folder."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.conftest import DEADLINE

EXAMPLES = Path(__file__).parents[2] / "examples"


@contextmanager
def example_running(name: str, folder: Path, port: int, keys: str) -> Iterator[None]:
    """The backend of that folder on a port. keys: where it fetches the keys of its gateway."""
    copy = folder / name
    shutil.copytree(EXAMPLES / name, copy)
    environment = {**os.environ, "ASSERTION_KEYS": keys, "PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(_command(name, copy, port), cwd=copy, env=environment, stderr=subprocess.PIPE)
    try:
        _until_open(process, port)
        yield
    finally:
        process.kill()
        process.communicate()


def _command(name: str, folder: Path, port: int) -> list[str]:
    if name == "express":
        return [_installed(folder), "app.js"]
    if name == "flask":
        return [sys.executable, "-m", "flask", "run", "--port", str(port)]
    return [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "warning"]


def _installed(folder: Path) -> str:
    """Node.js, with the packages of the lock file beside the program; where it is missing, the test is skipped."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        if os.environ.get("CI"):
            pytest.fail("node and npm are missing")
        pytest.skip("needs Node.js and npm")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=90)
    return node


def _until_open(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + DEADLINE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError(process.communicate()[1].decode()) from None
            threading.Event().wait(0.02)
