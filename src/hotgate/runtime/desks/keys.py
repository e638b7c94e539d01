"""Verification keys: fetched by the control process, pushed to every worker."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from hotgate.control.http_client import http_client
from hotgate.control.jwks import JwksRefresher, JwksSource
from hotgate.control.jwks_fetch import JwksFetch
from hotgate.identity.events.transmitter_keys import keys_location
from hotgate.identity.verification_keys.named_locations import HasKeyLocations
from hotgate.pipeline.gateway_endpoint import events_name
from hotgate.runtime.workers.channel import Message


class Keys:
    """broadcast: sends a message to every worker. folder: the configuration's, to which files are relative.

    tried: set once each source of the first configuration was asked, so that a gateway is not called ready while its
    first requests would be refused for want of keys.
    """

    def __init__(self, broadcast: Callable[[Message], None], folder: Path) -> None:
        self._broadcast = broadcast
        self._client = http_client()
        self._refresher = JwksRefresher((), self._publish, JwksFetch(self._client, folder))
        self._sources: dict[str, JwksSource] = {}
        self.tried = asyncio.Event()

    def documents(self) -> Mapping[str, Any]:
        """The keys known now, by the name of the set."""
        return self._refresher.documents()

    def state(self) -> list[dict[str, Any]]:
        """One object per set, for the admin API."""
        return self._refresher.state()

    async def follow(self, config: Any) -> None:
        """Fetch what a configuration names, and nothing else. Returns when its files are read; addresses may take
        longer, and no issuer that is down keeps a gateway from starting."""
        await self._watch(key_sources(config))

    async def add(self, config: Any) -> None:
        """Fetch what a configuration names as well, before it is in force."""
        await self._watch({**self._sources, **key_sources(config)})

    async def refresh(self, name: str) -> None:
        """A worker met a token of an unknown key. New keys reach it before this returns."""
        await self._refresher.refresh(name)

    async def stop(self) -> None:
        """End all background work."""
        await self._refresher.stop()
        await self._client.aclose()

    async def _watch(self, sources: dict[str, JwksSource]) -> None:
        added = [source for name, source in sources.items() if name not in self._sources]
        self._sources = sources
        await self._refresher.replace_sources(sources.values())
        await asyncio.sleep(0)  # lets the new sources begin, so that the calls below join them
        remote = [source for source in added if source.is_remote]
        if not remote:
            self.tried.set()
        elif not self.tried.is_set():
            self._first = asyncio.create_task(self._first_attempts(remote))
            self._first.add_done_callback(lambda _: self.tried.set())
        await self._first_attempts(source for source in added if source not in remote)

    async def _first_attempts(self, sources: Iterable[JwksSource]) -> None:
        await asyncio.gather(*(self._refresher.refresh(source.name) for source in sources))

    def _publish(self, name: str, document: dict[str, Any]) -> None:
        self._broadcast({"type": "keys", "name": name, "jwks": document})


def key_sources(config: Any) -> dict[str, JwksSource]:
    """Where the keys of a configuration are, by the name of the set."""
    found = [
        JwksSource.of(name, location)
        for name, identity in config.identity.items()
        if isinstance(identity.settings, HasKeyLocations)
        for location in identity.settings.key_locations
    ]
    found += [
        JwksSource.of(events_name(name), keys_location(settings.set_))
        for name, settings in config.security_events.items()
        if settings.set_ is not None
    ]
    return {source.name: source for source in found}
