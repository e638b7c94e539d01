"""A store with keys beside the gateway of a scenario, and a wall clock that is moved by hand."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hotgate.control.consumer_administration import ConsumerAdministration
from hotgate.control.key_administration import IssuedKey, KeyAdministration
from hotgate.control.key_request import KeyRequest
from hotgate.store.credentials import Credentials, CredentialSettings
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer
from hotgate.store.store import Store
from wire.scenario import Wire

NOW = 1_800_000_000.0
MAX_STALE = 600.0
PEPPERS = Peppers([b"pepper-of-a-test-" * 2, b"an-older-pepper--" * 2])


class KeyStore:
    """file: the SQLite file. credentials: what the gateway reads of it. now: epoch seconds."""

    def __init__(self, store: Store, file: Path) -> None:
        self.file = file
        self.now = NOW
        self.store = store
        self.keys = KeyAdministration(store, PEPPERS, lambda: self.now)
        self.consumers = ConsumerAdministration(store, lambda: self.now)
        self.credentials = Credentials()
        self.credentials.use(CredentialSettings(file, PEPPERS, MAX_STALE, 100, is_replica=False), self.now)

    async def issue(self, **attributes: Any) -> IssuedKey:
        """A new key, of `acme` unless it is said otherwise."""
        issued = await self.keys.create(KeyRequest(**{"consumer": "acme", **attributes}))
        self.tick()
        return issued

    def tick(self, seconds: float = 0.0) -> None:
        """Let time pass, and the gateway look for changes."""
        self.now += seconds
        self.credentials.tick(self.now)


@asynccontextmanager
async def key_store(wire: Wire, entry: Mapping[str, Any] | None = None, **settings: Any) -> AsyncIterator[KeyStore]:
    """The store, in which the consumer `acme` is; all routes ask for its keys. settings: of the `api_key` entry.

    entry: an entry of `identity` that they ask instead.
    """
    identity = {"partners": entry or {"api_key": {"managed": True, **settings}}}
    with TemporaryDirectory() as folder:
        file = Path(folder, "store.db")
        store = await Store.open(f"sqlite:///{file}")
        try:
            await store.add_consumer(Consumer("acme", roles=("partner",), metadata={"plan": "gold"}))
            kept = KeyStore(store, file)
            services = {"credentials": kept.credentials, "wall_clock": lambda: kept.now}
            wire.gateway.reconfigure(_protected(wire.gateway.configuration, identity), services)
            yield kept
        finally:
            await store.close()


def _protected(configuration: Mapping[str, Any], identity: Mapping[str, Any]) -> dict[str, Any]:
    (route,) = configuration["routes"]
    protected = {**route, "public": False, "authenticate": ["partners"]}
    return {**configuration, "routes": [protected], "identity": identity}
