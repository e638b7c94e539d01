"""Keeps the addresses of names fresh in the background: no request ever waits for the DNS."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from hotgate.control.name_lookup import Found, LookupFailed

_logger = logging.getLogger(__name__)

MOST_AT_ONCE = 32  # look-ups under way
FIRST_RETRY = 1.0  # seconds after a failure, doubled each time
LONGEST_RETRY = 30.0

Lookup = Callable[[str], Awaitable[Found]]
Publish = Callable[[Mapping[str, tuple[str, ...]]], None]


class Resolver:
    """One task per name. publish: called with the new addresses of a name that has others than before.

    A name that cannot be resolved any more keeps the addresses that it had: old ones are better than none.
    sleep: waits that many seconds; injected so that tests need not.
    """

    def __init__(
        self, lookup: Lookup, publish: Publish, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._lookup = lookup
        self._publish = publish
        self._sleep = sleep
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._watches: dict[str, _Watch] = {}

    async def follow(self, names: Iterable[str]) -> None:
        """Keep these names fresh and no others; those that are known already go on undisturbed."""
        wanted = set(names)
        for name in [name for name in self._watches if name not in wanted]:
            await self._watches.pop(name).stop()
        for name in sorted(wanted - self._watches.keys()):
            self._start(_Watch(name))

    async def use(self, lookup: Lookup) -> None:
        """Ask in another way from now on, about every name at once."""
        self._lookup = lookup
        for watch in list(self._watches.values()):
            await watch.stop()
            self._start(watch)

    async def wait_for_first(self, seconds: float) -> None:
        """Return when every name was looked up once, or after so many seconds."""
        waits = [
            asyncio.ensure_future(watch.tried.wait()) for watch in self._watches.values() if not watch.tried.is_set()
        ]
        if waits:
            _, late = await asyncio.wait(waits, timeout=seconds)
            for wait in late:
                wait.cancel()

    async def stop(self) -> None:
        """End all background work."""
        await self.follow(())

    def addresses(self) -> dict[str, tuple[str, ...]]:
        """The addresses of every name that has some."""
        return {name: watch.addresses for name, watch in self._watches.items() if watch.addresses}

    def state(self) -> list[dict[str, Any]]:
        """One JSON-able object per name, for the admin API."""
        return [watch.state() for watch in self._watches.values()]

    def _start(self, watch: "_Watch") -> None:
        self._watches[watch.name] = watch
        watch.task = asyncio.create_task(self._keep_fresh(watch))

    async def _keep_fresh(self, watch: "_Watch") -> None:
        while True:
            async with self._room:
                delay = await self._refresh(watch)
            watch.tried.set()
            await self._sleep(delay)

    async def _refresh(self, watch: "_Watch") -> float:
        """One look-up; returns the seconds until the next."""
        try:
            found = await self._lookup(watch.name)
        except LookupFailed as failure:
            return watch.failed(str(failure))
        except Exception:
            # One surprise must not end the following of a name for good.
            _logger.exception("name %s could not be looked up", watch.name)
            return watch.failed("internal error, see the log")
        if watch.succeeded(found):
            self._publish({watch.name: found.addresses})
        return found.ttl


class _Watch:
    """What is known about one name. tried: set after the first look-up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.addresses: tuple[str, ...] = ()
        self.tried = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self._failure = ""
        self._failures = 0

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    def succeeded(self, found: Found) -> bool:
        """True if the addresses are others than before."""
        is_change = found.addresses != self.addresses
        if is_change or self._failure:
            _logger.info("name %s is at %s", self.name, ", ".join(found.addresses))
        self.addresses = found.addresses
        self._failure = ""
        self._failures = 0
        return is_change

    def failed(self, failure: str) -> float:
        """Seconds until the next try."""
        if failure != self._failure:
            kept = "its addresses stay as they are" if self.addresses else "it has no address yet"
            _logger.warning("name %s cannot be resolved: %s; %s", self.name, failure, kept)
        self._failure = failure
        self._failures = min(self._failures + 1, 16)
        return min(FIRST_RETRY * 2.0 ** (self._failures - 1), LONGEST_RETRY)

    def state(self) -> dict[str, Any]:
        return {"name": self.name, "addresses": list(self.addresses), "last_error": self._failure or None}
