"""Backends that have too much to do, all at once: what the gateway adds to their load stays within its budget."""

import asyncio
from typing import Any

import pytest

from wire.gateway import TICK
from wire.peer import Peer, turns
from wire.samples import GET
from wire.scenario import Wire, scenario

REQUESTS = 100
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 30\r\n\r\n"


class Busy:
    """Answers every request on all connections of the backends alike. asked: how many there were."""

    def __init__(self, wire: Wire, answer: bytes) -> None:
        self._answer = answer
        self.asked = 0
        self._tasks = [asyncio.ensure_future(self._accept(backend)) for backend in wire.backends]

    async def _accept(self, backend: Any) -> None:
        while True:
            self._tasks.append(asyncio.ensure_future(self._serve(await backend.connection())))

    async def _serve(self, peer: Peer) -> None:
        while True:
            await peer._reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            if self._answer:
                peer.send(self._answer)
            else:
                peer.reset()

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()


def upstream(percent: int) -> dict[str, Any]:
    return {
        "retries": {
            "attempts": 5,
            "on": ["reset", "timeout", 503],
            "budget": {"percent": percent, "per_second": 0},
        },
        "ejection": {"consecutive_failures": 0},
    }


@pytest.mark.parametrize("answer", [BUSY, b""])
@pytest.mark.parametrize("percent", [0, 20])
def test_all_targets_fail(answer: bytes, percent: int) -> None:
    @scenario(upstream=upstream(percent), backends=3)
    async def script(wire: Wire) -> None:
        busy = Busy(wire, answer)
        client = await wire.connect()
        for _ in range(REQUESTS):
            client.send(GET)
            while not client.received():
                await turns(5)
                wire.gateway.advance(TICK / 100)
            assert (await client.message()).status in (502, 503)
        busy.stop()
        # A connection that turns out dead costs one more attempt for which nobody pays; there are none of those here.
        assert REQUESTS <= busy.asked <= REQUESTS * (1 + percent / 100)
        assert wire.upstream_metrics["budget_exhausted"] > 0

    script()


@scenario(upstream={**upstream(20), "concurrency": {"limit": 5, "queue": 5, "wait": "1s"}}, backends=2)
async def test_slow_targets_are_asked_no_more_than_there_are_places(wire: Wire) -> None:
    clients = [await wire.send(GET) for _ in range(50)]
    await turns()
    assert sum(backend.accepted for backend in wire.backends) == 5
    refused = [client for client in clients if client.received().startswith(b"HTTP/1.1 503")]
    assert len(refused) == 40
