"""Waits until a process that a test has started can be connected to."""

import socket
import subprocess
import threading
import time

_SECONDS = 30.0  # only a failing test takes so long


def wait_until_listening(process: "subprocess.Popen[bytes]", address: tuple[str, int] | str) -> None:
    """address: host and port, or the path of a Unix socket. Raises with the process's errors if it ends before."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    end = time.monotonic() + _SECONDS
    while True:
        with socket.socket(family) as probe:
            if probe.connect_ex(address) == 0:
                return
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise AssertionError((process.communicate()[1] or b"it did not start").decode())
        threading.Event().wait(0.02)
