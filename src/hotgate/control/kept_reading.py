"""What others say about themselves: read now and then, for all who ask, and kept while it cannot be read again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import httpx

from hotgate.control.download import FetchFailed, failure_reason

_logger = logging.getLogger(__name__)

INTERVAL = 3600.0  # seconds; servers move their addresses once in years
RETRY = 5.0  # seconds after a failure, so that a server that is down is not asked for every request
PATIENCE = 3.0  # seconds for one reading

T = TypeVar("T")


class KeptReading(Generic[T]):
    """what: for the log. read: once; raises FetchFailed, OSError and httpx errors. clock: monotonic seconds."""

    def __init__(
        self,
        what: str,
        read: Callable[[], Awaitable[T]],
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._what = what
        self._read = read
        self._clock = clock
        self._patience = patience
        self._known: T | None = None
        self._is_fresh = False
        self._due = float("-inf")
        self._problem = "it was not read yet"
        self._flight: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Begin to read if that is due, so that nobody has to wait. Needs a running loop."""
        if self._flight is None and self._clock() >= self._due:
            self._flight = asyncio.create_task(self._refresh())
            self._flight.add_done_callback(self._landed)

    async def at_once(self) -> T:
        """What is known; it is read again meanwhile if that is due. Waits only if nothing is. Raises FetchFailed."""
        self.prepare()
        return await self.value() if self._known is None else self._known

    async def value(self) -> T:
        """The same, but waits for what is due. Raises FetchFailed if nothing was ever read."""
        self.prepare()
        if self._flight is not None:
            await asyncio.wait({self._flight})  # whoever stops waiting does not end it for the others
        if self._known is None:
            raise FetchFailed(self._problem)
        return self._known

    def doubt(self) -> None:
        """What was read did not work: read it again for whoever asks next, unless that has just failed."""
        if self._is_fresh:
            self._due = float("-inf")

    async def stop(self) -> None:
        """End all background work."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.wait({self._flight})

    async def _refresh(self) -> None:
        self._due, self._is_fresh = self._clock() + RETRY, False
        try:
            async with asyncio.timeout(self._patience):
                self._known = await self._read()
        except (FetchFailed, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            self._problem = failure_reason(error)
            _logger.warning("%s cannot be read, what it said before stays: %s", self._what, self._problem)
        else:
            self._due, self._is_fresh = self._clock() + INTERVAL, True

    def _landed(self, _: "asyncio.Task[None]") -> None:
        self._flight = None
