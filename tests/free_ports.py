"""Ports for programs that tests start."""

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from itertools import cycle

_ALL = range(10_000, 32_000)  # below those that the kernel gives to clients (ip_local_port_range)


def _own() -> Iterator[int]:
    """Those of this process of the test run, each once before the first comes again: what was handed out may be bound
    only later, and again after a restart.
    """
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = _ALL[process :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    first = secrets.randbelow(len(ports))
    return cycle([*ports[first:], *ports[:first]])


_PORTS = _own()


def free_port() -> int:
    """One that nobody uses, and that no other test gets meanwhile."""
    while True:
        port = next(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
