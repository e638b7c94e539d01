"""Keeps every key set fresh in the background: no request ever waits for an issuer that is slow or down."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hotgate.control.download import FetchFailed
from hotgate.control.jwks_fetch import Fetched
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation
from hotgate.identity.verification_keys.key_sets import key_set_name

_logger = logging.getLogger(__name__)

DEFAULT_INTERVAL = 300.0  # seconds between two fetches when the issuer says nothing
FILE_INTERVAL = 2.0  # a file is cheap to read, and its owner expects a change to be noticed
MIN_INTERVAL = 60.0
MAX_INTERVAL = 3600.0
FORCED_INTERVAL = 10.0
FIRST_RETRY = 1.0
JITTER = 0.1

Fetch = Callable[[str], Awaitable[Fetched]]
Publish = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class JwksSource:
    """name: of the key set, under which workers look it up. location: see `JwtSettings.jwks_location`."""

    name: str
    location: str
    interval: float = DEFAULT_INTERVAL

    @classmethod
    def of(cls, provider: str, location: str) -> "JwksSource":
        """The source of one entry of `identity:` (see `JwtSettings.jwks_location`)."""
        name = key_set_name(provider, location)
        return cls(name, location, DEFAULT_INTERVAL if _is_remote(location) else FILE_INTERVAL)

    @property
    def is_remote(self) -> bool:
        """Whether it is not a file: somebody else may let us wait for it."""
        return _is_remote(self.location)


class JwksRefresher:
    """One task per source. publish: called with a document that differs from the one before, never with a bad one.

    clock: monotonic seconds. sleep: waits that many seconds; injected so that tests need not.
    """

    def __init__(
        self,
        sources: Iterable[JwksSource],
        publish: Publish,
        fetch: Fetch,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        forced_interval: float = FORCED_INTERVAL,
    ) -> None:
        self._publish = publish
        self._fetch = fetch
        self._clock = clock
        self._sleep = sleep
        self._forced_interval = forced_interval
        self._watches = {source.name: _Watch(source) for source in sources}

    def start(self) -> None:
        """Begin to fetch every source at once, and then again and again. Needs a running loop."""
        for watch in self._watches.values():
            watch.task = asyncio.create_task(self._keep_fresh(watch))

    async def stop(self) -> None:
        """End all background work."""
        watches, self._watches = self._watches, {}
        for watch in watches.values():
            await watch.stop()

    async def replace_sources(self, sources: Iterable[JwksSource]) -> None:
        """Follow a new configuration: unchanged sources go on undisturbed, new ones start, gone ones end."""
        wanted = {source.name: source for source in sources}
        for name in [name for name, watch in self._watches.items() if wanted.get(name) != watch.source]:
            await self._watches.pop(name).stop()
        for name, source in wanted.items():
            if name not in self._watches:
                watch = self._watches[name] = _Watch(source)
                watch.task = asyncio.create_task(self._keep_fresh(watch))

    async def refresh(self, name: str) -> bool:
        """Fetch now because a token names an unknown key; joins a fetch that is under way.

        False without a fetch: the name is unknown, or the last forced one is less than `forced_interval` seconds ago.
        """
        watch = self._watches.get(name)
        if watch is None:
            return False
        if watch.flight is None:
            now = self._clock()
            if watch.last_forced is not None and now - watch.last_forced < self._forced_interval:
                return False
            watch.last_forced = now
        await self._fetched(watch)
        return True

    def documents(self) -> dict[str, dict[str, Any]]:
        """The current document of every set that has one, for a worker that has just started."""
        return {name: watch.document for name, watch in self._watches.items() if watch.document is not None}

    def state(self) -> list[dict[str, Any]]:
        """One JSON-able object per source, for the admin API: ages in seconds, and no address (it may be secret)."""
        return [watch.state(self._clock()) for watch in self._watches.values()]

    async def _keep_fresh(self, watch: "_Watch") -> None:
        while True:
            await self._fetched(watch)
            # Many gateways that started together must not ask together: no need for a strong random number.
            await self._sleep(watch.delay * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311

    async def _fetched(self, watch: "_Watch") -> None:
        """Wait for the fetch that is under way, or for a new one: never two for one source."""
        if watch.flight is None:
            watch.flight = asyncio.create_task(self._fly(watch))
        await asyncio.wait({watch.flight})  # whoever stops waiting does not end it for the others

    async def _fly(self, watch: "_Watch") -> None:
        try:
            fetched = await self._fetch(watch.source.location)
            if fetched.document != watch.document:
                self._publish(watch.source.name, fetched.document)
            watch.succeeded(fetched, self._clock())
        except FetchFailed as error:
            watch.failed(str(error))
        except Exception:
            # Ending the loop for good because of one surprise would let the keys grow old unnoticed.
            _logger.exception("key set %s could not be refreshed", watch.source.name)
            watch.failed("internal error, see the log")
        finally:
            watch.flight = None


class _Watch:
    """What is known about one source. delay: seconds until the next fetch. document: the last good one, kept while the
    issuer is down."""

    def __init__(self, source: JwksSource) -> None:
        self.source = source
        self.task: asyncio.Task[None] | None = None
        self.flight: asyncio.Task[None] | None = None
        self.document: dict[str, Any] | None = None
        self.delay = source.interval
        self.last_forced: float | None = None
        self._last_success: float | None = None
        self._last_error = ""
        self._failures = 0

    async def stop(self) -> None:
        tasks = [task for task in (self.task, self.flight) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def succeeded(self, fetched: Fetched, now: float) -> None:
        if self._failures:
            _logger.info("key set %s was fetched again", self.source.name)
        self.document = fetched.document
        self.delay = _interval(fetched.max_age, self.source.interval)
        self._last_success = now
        self._last_error = ""
        self._failures = 0

    def failed(self, reason: str) -> None:
        if not self._failures:
            _logger.warning("key set %s cannot be fetched: %s", self.source.name, reason)
        self.delay = min(FIRST_RETRY * 2**self._failures, self.source.interval)
        self._failures = min(self._failures + 1, 16)
        self._last_error = reason

    def state(self, now: float) -> dict[str, Any]:
        return {
            "name": self.source.name,
            "keys": 0 if self.document is None else len(self.document["keys"]),
            "seconds_since_success": None if self._last_success is None else round(now - self._last_success, 1),
            "last_error": self._last_error or None,
        }


def _is_remote(location: str) -> bool:
    return location.startswith(("https://", "http://")) or DiscoveryLocation.parse(location) is not None


def _interval(max_age: float | None, default: float) -> float:
    """What the issuer allows, within bounds: neither a flood of fetches nor keys that never change."""
    return default if max_age is None else min(max(max_age, MIN_INTERVAL), MAX_INTERVAL)
