"""A gateway whose route asks a decision point, and the service that is asked, played by hand."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

from wire.backend import Backend
from wire.message import Message
from wire.peer import Peer
from wire.samples import OK, get, ok
from wire.scenario import Wire

NOW = 1_800_000_000.0
KEYS = {"alice": "key-of-alice-0001", "bob": "key-of-bob-000002"}
IDENTITY = {
    "partners": {
        "api_key": {
            "keys": [
                {"id": name, "consumer": name, "sha256": sha256(key.encode()).hexdigest()} for name, key in KEYS.items()
            ]
        }
    }
}


class DecisionService:
    """service: the server. Its one connection is `connection`, unless the gateway makes more."""

    def __init__(self, wire: Wire, service: Backend, configuration: Mapping[str, Any]) -> None:
        self.wire = wire
        self.service = service
        self.configuration = configuration

    def reconfigure(self, configuration: Mapping[str, Any] | None = None) -> None:
        """Put a configuration into force, by default its own once more."""
        gateway = self.wire.gateway
        clocks = {"monotonic_clock": lambda: gateway.now, "wall_clock": lambda: NOW}
        gateway.reconfigure(configuration or self.configuration, clocks)
        gateway.advance(0)

    async def request(self, target: str = "/orders/7", *fields: str, caller: str = "alice") -> Peer:
        """A client that asks for something."""
        return await self.wire.send(get(target, f"X-API-Key: {KEYS[caller]}", *fields))

    async def asked(self) -> Message:
        """The next question on the first connection."""
        return await (await self.service.only()).message()

    async def answer(self, content: Any, *fields: str) -> Message:
        """Answer the next question in JSON. Returns it."""
        return await self.say(json_answer(content, *fields))

    async def say(self, answer: bytes) -> Message:
        """The same with any bytes."""
        question = await self.asked()
        (await self.service.only()).send(answer)
        return question

    async def passes(self, client: Peer) -> Message:
        """The backend gets the request and answers; what it got."""
        backend = await self.wire.backend.only()
        received = await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
        return received


def json_answer(content: Any, *fields: str) -> bytes:
    """A 200 with JSON."""
    return ok(json.dumps(content).encode(), "Content-Type: application/json", *fields)


@asynccontextmanager
async def decision_service(
    wire: Wire,
    kind: Mapping[str, Any],
    *,
    upstream: Mapping[str, Any] | None = None,
    decide: Sequence[Any] = ("pdp",),
    public: bool = False,
    **point: Any,
) -> AsyncIterator[DecisionService]:
    """kind: as `{"opa": {...}}`, without its upstream. point: the other keys of the entry. public: whether nobody is
    recognised before."""
    service = Backend()
    await service.start()
    name, settings = next(iter(kind.items()))
    entry = {name: {"upstream": "pdp", **settings}, "timeout": "5s", **point}
    targets = {"targets": [f"http://127.0.0.1:{service.port}"], **(upstream or {})}
    configuration = {
        **wire.gateway.configuration,
        "identity": IDENTITY,
        "upstreams": {**wire.gateway.configuration["upstreams"], "pdp": targets},
        "authorization": {"decision_points": {"pdp": entry}},
        "routes": [
            {
                "name": "orders",
                "match": {"path": "/orders/{id}"},
                "upstream": "api",
                "authorize": {"decide": list(decide)},
                **({"public": True} if public else {"authenticate": ["partners"]}),
            }
        ],
    }
    play = DecisionService(wire, service, configuration)
    try:
        play.reconfigure()
        yield play
    finally:
        service.stop()
