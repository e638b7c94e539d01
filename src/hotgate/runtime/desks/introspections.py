"""Workers ask what tokens are worth; the servers that know are asked here, one `Introspection` for each."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.control.judged_address import Place
from hotgate.control.kept_reading import KeptReading
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.control.oauth.endpoint_call import EndpointCaller
from hotgate.control.oauth.introspection import Introspection
from hotgate.control.oauth.introspection_answer import MEDIA_TYPES, AnswerReader
from hotgate.control.oauth.kept_answers import KeptAnswers
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.policies.introspection.settings import IntrospectionSettings
from hotgate.runtime.desks.keys import Keys
from hotgate.upstream.breaker import Breaker

_PURPOSE = "introspection_endpoint"


@dataclass(frozen=True, slots=True)
class _Server:
    """name: of the entry. found: where it answers, by its metadata. caller: whose connections end with it."""

    name: str
    settings: IntrospectionSettings
    introspection: Introspection
    found: KeptReading[Place]
    caller: EndpointCaller


class Introspections:
    """keys: of issuers that sign their answers."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._servers: dict[str, _Server] = {}  # by `IntrospectionSettings.source`
        self._results: dict[str, Counter[str]] = {}  # by entry
        self._retiring: set[asyncio.Task[None]] = set()

    async def answer(self, body: Any) -> dict[str, Any]:
        """To `{"source", "token"}`. Raises KeyError for a server of a configuration long gone."""
        return await self._servers[str(body["source"])].introspection.answer(str(body["token"]))

    def add(self, config: Gateway) -> None:
        """Know what a configuration names as well, before it is in force."""
        for name, settings in _entries(config):
            source = settings.source(name)
            before = self._servers.get(source)
            if before is None or before.settings != settings:
                self._servers[source] = self._server(name, settings)
                self._retire(before)

    def follow(self, config: Gateway) -> None:
        """Know what a configuration names, and nothing else. What is known of unchanged servers' tokens stays."""
        self.add(config)
        entries = dict(_entries(config))
        wanted = {settings.source(name) for name, settings in entries.items()}
        for source in [source for source in self._servers if source not in wanted]:
            self._retire(self._servers.pop(source))
        self._results = {name: counts for name, counts in self._results.items() if name in entries}

    def state(self) -> Sequence[dict[str, Any]]:
        """One object per entry, for the admin API and for metrics."""
        return [
            {
                "provider": server.name,
                "results": dict(server.introspection.results),
                "circuit_open": server.introspection.breaker.is_open,
            }
            for server in self._servers.values()
        ]

    async def stop(self) -> None:
        """End everything."""
        servers, self._servers = self._servers, {}
        await asyncio.gather(*(server.introspection.stop() for server in servers.values()), *self._retiring)
        await asyncio.gather(*map(_closed, servers.values()))

    def _retire(self, server: _Server | None) -> None:
        """Requests under way still get their answers."""
        if server is not None:
            task = asyncio.create_task(_closed_when_idle(server))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    def _server(self, name: str, settings: IntrospectionSettings) -> _Server:
        issuer = settings.issuer or settings.endpoint or ""
        caller = EndpointCaller(ClientAuthentication(settings.client), issuer, timeout=settings.timeout)
        cache, clock = settings.cache, asyncio.get_running_loop().time
        key_set_of = key_set_name(name, settings.jwks_location)
        algorithms = frozenset(settings.accepted_algorithms())
        found = KeptReading("the metadata of the issuer", lambda: _found(settings, caller), clock)
        introspection = Introspection(
            lambda: _endpoint(settings, found),
            caller.post,
            AnswerReader(settings.answer, issuer, settings.client.id, algorithms, _IssuerKeys(self._keys, key_set_of)),
            MEDIA_TYPES[settings.answer],
            KeptAnswers(cache.ttl, cache.negative_ttl, cache.entries),
            Breaker(f"the authorization server of {name}", clock),
            fresh_keys=lambda: self._keys.refresh(key_set_of),
            hint=settings.token_type_hint,
            timeout=settings.timeout,
            results=self._results.setdefault(name, Counter()),
            clock=clock,
        )
        return _Server(name, settings, introspection, found, caller)


class _IssuerKeys:
    """The keys of one issuer as they are now, parsed once for each document."""

    def __init__(self, keys: Keys, name: str) -> None:
        self._keys = keys
        self._name = name
        self._key_set = KeySet(name)
        self._document: Any = None

    def __call__(self) -> KeySet:
        document = self._keys.documents().get(self._name)
        if document is not None and document is not self._document:
            self._key_set.replace(document)
            self._document = document
        return self._key_set


def _entries(config: Any) -> Iterator[tuple[str, IntrospectionSettings]]:
    for name, entry in config.identity.items():
        if entry.mechanism == "introspection":
            yield name, entry.settings


async def _endpoint(settings: IntrospectionSettings, found: KeptReading[Place]) -> Place:
    return await found.at_once() if settings.endpoint is None else Place(settings.endpoint)


async def _found(settings: IntrospectionSettings, caller: EndpointCaller) -> Place:
    metadata = await caller.metadata(DiscoveryLocation(settings.issuer or ""))
    return metadata.place(_PURPOSE, mutual_tls=settings.client.uses_mutual_tls)


async def _closed_when_idle(server: _Server) -> None:
    await server.introspection.idle()
    await _closed(server)


async def _closed(server: _Server) -> None:
    await server.found.stop()
    await server.caller.close()
