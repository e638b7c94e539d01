"""Certificates of consumers of the store: what it says of them counts, at once and only while it can be asked."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hotgate.store.records import Consumer
from wire.client_certificates import ASKS, CLIENTS, A, client_context, refused, served
from wire.key_store import MAX_STALE, KeyStore, key_store
from wire.scenario import Wire, scenario

_LISTENER = {"tls": {**A.settings, **ASKS}}
_ACME, _STRANGER = CLIENTS.issue_client("acme"), CLIENTS.issue_client("stranger")
_RULE = {"match": {"common_name": "*"}, "consumer": "{1}", "roles": ["device"], "groups": ["certified"]}


@asynccontextmanager
async def consumers(wire: Wire) -> AsyncIterator[KeyStore]:
    """The store, and routes that ask for certificates of its consumers."""
    async with key_store(wire, {"mtls": {"consumers": True, "rules": [_RULE]}}) as store:
        store.now = time.time()  # certificates have real times
        store.tick()
        yield store


@scenario(listener=_LISTENER)
async def test_a_certificate_has_what_its_consumer_has(wire: Wire) -> None:
    async with consumers(wire) as store:
        await store.store.change_consumer("acme", roles=("partner",), groups=("eu",), tier="gold")
        store.tick()
        received = await served(wire, await wire.connect_tls(context=client_context(_ACME)))
        assert received.get(b"x-auth-subject") == b"acme"
        assert received.get(b"x-auth-roles") == b"device,partner"
        assert received.get(b"x-auth-groups") == b"certified,eu"


@scenario(listener=_LISTENER)
async def test_who_is_no_consumer_is_refused_until_there_is_one(wire: Wire) -> None:
    async with consumers(wire) as store:
        client = await wire.connect_tls(context=client_context(_STRANGER))
        assert await refused(client) == (401, "certificate-unknown")
        assert "no consumer stranger" in wire.last_record["log_detail"]
        await store.store.add_consumer(Consumer("stranger"))
        store.tick()
        await served(wire, client)


@scenario(listener=_LISTENER)
async def test_a_consumer_is_disabled_changed_and_removed_while_its_certificate_is_in_use(wire: Wire) -> None:
    async with consumers(wire) as store:
        client = await wire.connect_tls(context=client_context(_ACME))
        await served(wire, client)
        await store.consumers.change("acme", {"is_disabled": True})
        store.tick()
        assert await refused(client) == (403, "forbidden")
        assert "consumer acme is disabled" in wire.last_record["log_detail"]
        await store.consumers.change("acme", {"is_disabled": False, "roles": ("auditor",)})
        store.tick()
        assert (await served(wire, client)).get(b"x-auth-roles") == b"auditor,device"
        await store.consumers.remove("acme")
        store.tick()
        assert await refused(client) == (401, "certificate-unknown")


@scenario(listener=_LISTENER)
async def test_without_the_store_known_consumers_pass_for_a_while_and_others_get_503(wire: Wire) -> None:
    async with consumers(wire) as store:
        known = await wire.connect_tls(context=client_context(_ACME))
        unknown = await wire.connect_tls(context=client_context(_STRANGER))
        await served(wire, known)
        store.file.rename(store.file.with_suffix(".gone"))
        store.tick(1.0)
        await served(wire, known)
        assert await refused(unknown) == (503, "store-unavailable")
        store.tick(MAX_STALE + 1)
        assert await refused(known) == (503, "store-unavailable")
