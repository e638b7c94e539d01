"""The backends of `examples/`, started as their READMEs say, in a copy of their folder."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from listening import wait_until_listening
from node_packages import node_program

EXAMPLES = Path(__file__).parents[2] / "examples"


@contextmanager
def example_running(name: str, folder: Path, port: int, keys: str) -> Iterator[None]:
    """The backend of that folder on a port. keys: where it fetches the keys of its gateway."""
    copy = folder / name
    command = _command(name, copy, port)
    environment = {**os.environ, "ASSERTION_KEYS": keys, "PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command, cwd=copy, env=environment, stderr=subprocess.PIPE)
    try:
        wait_until_listening(process, ("127.0.0.1", port))
        yield
    finally:
        process.kill()
        process.communicate()


def _command(name: str, folder: Path, port: int) -> list[str]:
    """It makes the copy."""
    if name == "express":
        return [node_program(EXAMPLES / name, folder), "app.js"]
    shutil.copytree(EXAMPLES / name, folder)
    if name == "flask":
        return [sys.executable, "-m", "flask", "run", "--port", str(port)]
    return [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "warning"]
