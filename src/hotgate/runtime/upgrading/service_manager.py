"""What systemd is told about the service (sd_notify(3)): a datagram of `NAME=value` lines, sent and forgotten."""

import logging
import socket
import time
from collections.abc import MutableMapping

_log = logging.getLogger("hotgate.runtime")
_STOP_GRACE = 10.0  # seconds that a stop may take longer than the drain


class ServiceManager:
    """Takes its variables out of the environment, for they are not meant for workers. Without them it says nothing."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        self._address = environment.pop("NOTIFY_SOCKET", "")
        self._watchdog = environment.pop("WATCHDOG_USEC", "")
        environment.pop("WATCHDOG_PID", None)  # a successor has another

    def ready(self, status: str) -> None:
        """The service is up, or has finished a reload, well or badly. status: one line for `systemctl status`."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A reload begins; `Type=notify-reload` waits for `ready`."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, seconds: float) -> None:
        """A drain begins that may take so long, whatever TimeoutStopSec= says."""
        microseconds = int((seconds + _STOP_GRACE) * 1_000_000)
        self._send("STOPPING=1", f"STATUS=draining for at most {seconds:g} s", f"EXTEND_TIMEOUT_USEC={microseconds}")

    def alive(self) -> None:
        """Call about once a second: the event loop turns (WatchdogSec=)."""
        if self._watchdog:
            self._send("WATCHDOG=1")

    def succeeded_by(self, process: int) -> None:
        """Another process is the main one from now on."""
        self._send(f"MAINPID={process}")

    @property
    def environment(self) -> dict[str, str]:
        """What a successor needs to speak in our place."""
        given = {"NOTIFY_SOCKET": self._address, "WATCHDOG_USEC": self._watchdog}
        return {name: value for name, value in given.items() if value}

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sending:
                sending.sendto("\n".join(line.replace("\n", " ") for line in lines).encode(), address)
        except OSError as error:
            _log.warning("systemd could not be told %s: %s", lines[0], error)
