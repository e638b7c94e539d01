"""Carries out reloads, one at a time; requests that come meanwhile are answered by one more."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from hotgate.config.errors import ConfigurationErrors
from hotgate.runtime.workers.pending_requests import PendingRequests, answer_all

_log = logging.getLogger("hotgate.runtime")


class Reloader:
    """load: reads and checks the file; runs in a thread. apply: puts what was loaded into force, returns why not.

    begun, ended: called around each reload, the latter with why it failed or "".
    succeeded, failed: how often. last_error: why the last one failed, empty if it did not.
    """

    def __init__(
        self,
        load: Callable[[], Any],
        apply: Callable[[Any], Awaitable[str]],
        *,
        begun: Callable[[], None] = lambda: None,
        ended: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._load = load
        self._apply = apply
        self._begun = begun
        self._ended = ended
        self._requests = PendingRequests()
        self.succeeded = 0
        self.failed = 0
        self.last_error = ""

    def request(self) -> "asyncio.Future[str]":
        """Ask for a reload. The result is why it failed, or ""."""
        return self._requests.add()

    async def run(self) -> None:
        """Serve requests until cancelled."""
        while True:
            asking = await self._requests.take()
            self._begun()
            await self.reload()
            self._ended(self.last_error)
            answer_all(asking, self.last_error)

    async def reload(self) -> None:
        """Load and apply once. An error changes nothing, and is logged and kept for the admin API."""
        try:
            reason = await self._apply(await asyncio.to_thread(self._load))
        except ConfigurationErrors as errors:
            reason = str(errors)
        except Exception as error:  # noqa: BLE001 (a bug here must not end reloading for good)
            _log.exception("the reload failed")
            reason = f"internal error: {type(error).__name__}"
        self.last_error = reason
        if reason:
            self.failed += 1
            for line in reason.splitlines():
                _log.error("the configuration is not changed: %s", line)
        else:
            self.succeeded += 1
            _log.info("the configuration is in force")
