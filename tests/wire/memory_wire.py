"""A gateway whose clients and backends are ends of connections in memory, played by hand."""

from collections.abc import Mapping
from typing import Any

from wire.gateway import Gateway
from wire.memory_connection import Endpoint
from wire.memory_loop import MemoryLoop


class MemoryWire:
    """backends: the connections that the gateway has opened, in order. `refuses`: it can open none."""

    def __init__(self, **settings: Any) -> None:
        self.backends: list[Endpoint] = []
        self.refuses = False
        self.loop = MemoryLoop(self._accept)
        self.gateway = self.loop.run(self._started(configuration(settings)))

    async def _started(self, configured: dict[str, Any]) -> Gateway:
        gateway = Gateway(configured)
        await gateway.start()
        return gateway

    def _accept(self, end: Endpoint) -> None:
        if self.refuses:
            raise ConnectionRefusedError
        self.backends.append(end)

    def connect(self) -> Endpoint:
        """A new client."""
        client = self.loop.knock()
        self.loop.settle()
        return client

    def reload(self, **settings: Any) -> None:
        """Put another configuration into force."""
        self.loop.call_soon(self.gateway.reconfigure, configuration(settings))
        self.loop.settle()

    def begin_drain(self, seconds: float) -> None:
        """Take no new connections; let exchanges finish."""
        self.loop.create_task(self.gateway.plane.drain(seconds))
        self.loop.advance(1.0)

    def advance(self, seconds: float) -> None:
        """Let time pass, with a tick at its end."""
        self.loop.advance(seconds)
        self.loop.call_soon(self.gateway.advance, seconds)
        self.loop.settle()

    def stop(self) -> None:
        """Cut what is left. Fails if a callback raised."""
        self.loop.run(self.gateway.stop())
        for upstream in self.gateway.compiled.upstreams.values():
            upstream.close()
        self.loop.settle()
        assert not self.loop.errors, self.loop.errors


def configuration(settings: Mapping[str, Any]) -> dict[str, Any]:
    """One public route to one backend, and other keys of the file."""
    return {
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"api": {"targets": ["http://127.0.0.1:9"]}},
        "routes": [{"name": "all", "match": {"path": "/*"}, "upstream": "api", "public": True}],
        **settings,
    }
