"""Upgrades: a new control process is started beside this one, and this one leaves when the new one can take over.

The order is that of a start after the control process was killed, which is tested well: the new one starts workers on
the same sockets, the old workers find it, tell what they know of the limits, and drain. The difference is that the old
one watches, and goes on as before if the new one fails.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable

from hotgate.runtime.upgrading.successor import Successor
from hotgate.runtime.workers.generations import START_SECONDS
from hotgate.runtime.workers.pending_requests import PendingRequests, answer_all

_log = logging.getLogger("hotgate.runtime")
_SECONDS = START_SECONDS + 30.0  # for the new process: its own imports, and its workers


class Upgrader:
    """start: starts a successor, raises OSError. failed: called when one has ended without taking over.

    successor: the process id of the one that has taken over, else 0.
    """

    def __init__(self, start: Callable[[], Successor], failed: Callable[[], Awaitable[None]]) -> None:
        self._start = start
        self._failed = failed
        self._requests = PendingRequests()
        self.successor = 0

    def request(self) -> "asyncio.Future[str]":
        """Ask for an upgrade. The result is empty when a new process has taken over, else why none has."""
        return self._requests.add()

    async def run(self) -> None:
        """Serve requests until one succeeds, or until cancelled."""
        while not self.successor:
            asking = await self._requests.take()
            reason = await self._upgrade()
            if reason:
                _log.error("no upgrade, this process goes on: %s", reason)
            answer_all(asking, reason)

    async def _upgrade(self) -> str:
        if os.getpid() == 1:
            return "this is the first process of its container, which ends with it; start another container"
        try:
            successor = self._start()
        except OSError as error:
            return f"the new process cannot be started: {error}"
        _log.info("upgrade: process %d was started", successor.pid)
        reason = "the gateway is stopping"
        try:
            reason = await successor.outcome(_SECONDS)
        finally:
            if reason:
                await successor.end()
                await self._failed()
        if not reason:
            _log.info("process %d takes over", successor.pid)
            self.successor = successor.pid
        return reason
