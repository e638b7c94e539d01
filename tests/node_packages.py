"""Programs for Node.js that tests run: with the packages of their lock files, installed once for all tests."""

import fcntl
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

_CACHE = Path(__file__).parents[1] / ".node"
_MINIMUM = (20, 12)
_INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]


def node_program(folder: Path, copy: Path) -> str:
    """Copy a program, give the copy its packages, and return where Node.js is; without it, the test is skipped."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _version(node) < _MINIMUM:
        reason = f"needs Node.js {'.'.join(map(str, _MINIMUM))} and npm"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("node_modules", "__pycache__", "*.py"))
    (copy / "node_modules").symlink_to(_installed(folder, npm))
    return node


def _version(node: str) -> tuple[int, ...]:
    printed = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(map(int, printed.strip().lstrip("v").split(".")))


def _installed(folder: Path, npm: str) -> Path:
    """The packages of a lock file, in a folder named after what it says; whoever needs the same meanwhile waits."""
    lock_file = (folder / "package-lock.json").read_bytes()
    home = _CACHE / sha256(lock_file).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    done = home / "done"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(folder / name, home)
            subprocess.run([npm, *_INSTALL], cwd=home, check=True, capture_output=True, timeout=90)
            done.touch()
    return home / "node_modules"
