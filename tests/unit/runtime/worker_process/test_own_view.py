"""What a worker tells of itself is what it does, and telling it changes nothing."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.concurrency.outlook import FREE, NO_WISH, Outlook, PlaceWish
from hotgate.limits.concurrency.priority import Priority
from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.limit import Limit
from hotgate.observe.access_log import AccessLog
from hotgate.observe.histogram import Histogram
from hotgate.observe.metrics import WorkerMetrics
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.worker_process.data_plane import DataPlane
from hotgate.runtime.worker_process.own_view import OwnView
from hotgate.runtime.worker_process.readings import Readings
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.worker_view import WorkerView
from hotgate.testing import FakeClock

MODEL = built_in_model()
TARGET = "http://127.0.0.1:9"
SETTINGS: dict[str, Any] = {
    "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
    "upstreams": {"api": {"targets": [TARGET], "health": {"path": "/health"}, "panic_threshold": "0%"}},
    "routes": [
        {
            "name": "all",
            "match": {"path": "/*"},
            "upstream": "api",
            "public": True,
            "concurrency": {"limit": 1, "queue": 2, "by": "address"},
        }
    ],
    "overload": {"memory": {"limit": "1GiB"}},
}
LIMIT = Limit("orders", quota=100, window=60)


class NoLog:
    def append(self, record: object) -> None: ...

    def tick(self) -> None: ...


class OfMemory(Readings):
    @property
    def memory(self) -> int:
        return 1 << 30


class Worker:
    """With an authority that answers at once. said: what it told."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.clock = FakeClock()
        self.said: list[Message] = []
        self.limiter = LeaseClient(self._to_authority, self.clock)
        self.authority = LeaseAuthority(self.clock)
        self.plane = DataPlane(
            loop=loop,
            services={"limiter": self.limiter, "key_sets": KeySets(self.clock)},
            access_log=cast(AccessLog, NoLog()),
            metrics=WorkerMetrics(),
            readings=OfMemory(loop, Histogram()),
        )
        compiled = self.plane.prepare(MODEL.model_validate(SETTINGS))
        self.plane.commit(compiled)
        self.places = {name: places for name, (places, _) in compiled.places.entries.items()}
        self.own = OwnView(self.limiter, self.plane, self.said.append, self.clock)
        self.limiter.on_message(self.authority.hello("w", self.limiter.authority_found()))

    def _to_authority(self, message: Message) -> None:
        answer = self.authority.on_message("w", message)
        if answer is not None:
            asyncio.get_running_loop().call_soon(self.limiter.on_message, answer)

    async def spend(self) -> bool:
        outcome: Any = self.limiter.spend(LIMIT, "a")
        decision = await outcome if asyncio.isfuture(outcome) else outcome
        return bool(decision.allowed)

    def lent(self) -> int:
        standing = self.authority.peek(LIMIT, "a")
        assert standing is not None
        return standing.on_lease

    def view(self, key: str = "a", upstream: str = "api", place: PlaceWish = NO_WISH) -> WorkerView:
        asked = {"upstream": upstream, "limit": ["orders", key], "place": [*place]}
        self.own.tell({"type": "look", "number": 5, **asked})
        assert self.said[-1]["number"] == 5
        return WorkerView.from_message(self.said[-1])


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_what_it_holds_is_what_it_can_spend(loop: asyncio.AbstractEventLoop) -> None:
    worker = Worker(loop)

    async def script() -> None:
        assert worker.view().held == 0
        assert await worker.spend()
        lent = worker.lent()
        assert lent > 1
        assert worker.view().held == worker.view().held == lent - 1  # of the use the authority has not heard yet
        assert worker.lent() == lent
        assert worker.view(key="b").held == 0

    loop.run_until_complete(script())


def test_what_is_over_is_not_held(loop: asyncio.AbstractEventLoop) -> None:
    worker = Worker(loop)
    loop.run_until_complete(worker.spend())
    lease = worker.limiter.lease("orders", "a")
    assert lease is not None
    lease.pend().until = worker.clock()
    assert worker.view().held == 0


def test_targets_that_it_cannot_ask(loop: asyncio.AbstractEventLoop) -> None:
    worker = Worker(loop)
    assert worker.view() == WorkerView(chances={}, out={})
    worker.plane.hear_of_targets({"healthy": {"api": {TARGET: False}}, "addresses": {}})
    assert worker.view().refusal == "upstream-unavailable"
    assert worker.view().out == {TARGET: "its check fails"}
    assert worker.view(upstream="nobody").out == {}


def test_whom_it_sheds(loop: asyncio.AbstractEventLoop) -> None:
    worker = Worker(loop)
    for second in range(100):
        worker.plane.tick(float(second))
    view = worker.view()
    assert (view.cause, view.chances["normal"], view.chances["low"]) == ("memory", 1.0, 1.0)
    assert "critical" not in view.chances


def test_which_places_are_free(loop: asyncio.AbstractEventLoop) -> None:
    worker = Worker(loop)
    wish = PlaceWish("routes/all/concurrency/address", "a\0x", "me", "normal")

    async def script() -> None:
        assert worker.view(place=wish).place == FREE
        places = worker.places[wish.name]
        assert places.take("first", wish.key)
        assert worker.view(place=wish).place == Outlook("", 0)
        assert worker.view(place=wish._replace(key="a\0y")).place == FREE
        for number in range(2):
            places.wait(number, wish.key, f"owner {number}", Priority.NORMAL)
        assert worker.view(place=wish).place == Outlook("full", 2)
        assert worker.view(place=wish._replace(priority="high")).place == Outlook("", 0)  # another one gives way
        assert (places.in_use, places.waiting) == (1, 2)
        assert worker.view(place=wish._replace(name="routes/gone/concurrency/address")).place == FREE

    loop.run_until_complete(script())
