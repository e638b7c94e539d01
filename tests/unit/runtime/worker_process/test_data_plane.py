"""The configuration in force: prepared aside, put into force at once, and what survives."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.limits.lease_client import LeaseClient
from hotgate.observe.access_log import AccessLog
from hotgate.observe.histogram import Histogram
from hotgate.observe.metrics import WorkerMetrics
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.compiling.problems import CompileProblems
from hotgate.runtime.worker_process.data_plane import DataPlane, bound_unsent
from hotgate.runtime.worker_process.readings import Readings
from hotgate.testing import FakeClock

MODEL = built_in_model()


class NoLog:
    def append(self, record: object) -> None: ...

    def tick(self) -> None: ...


@pytest.fixture
def plane() -> Iterator[DataPlane]:
    clock = FakeClock()
    loop = asyncio.new_event_loop()
    yield DataPlane(
        loop=loop,
        services={"limiter": LeaseClient(lambda message: None, clock), "key_sets": KeySets(clock)},
        access_log=cast(AccessLog, NoLog()),
        metrics=WorkerMetrics(),
        readings=Readings(loop, Histogram()),
    )
    loop.close()


def settings(**changes: Any) -> dict[str, Any]:
    return {
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"api": {"targets": ["http://127.0.0.1:9"]}, "other": {"targets": ["http://127.0.0.1:10"]}},
        "routes": [{"name": "all", "match": {"path": "/*"}, "upstream": "api", "public": True}],
        **changes,
    }


Commit = Callable[..., Any]


def test_unchanged_upstreams_survive_a_reload(plane: DataPlane) -> None:
    first = plane.prepare(MODEL.model_validate(settings()))
    plane.commit(first)
    changed = settings(
        upstreams={"api": {"targets": ["http://127.0.0.1:9"]}, "other": {"targets": ["http://127.0.0.1:11"]}}
    )
    second = plane.prepare(MODEL.model_validate(changed))
    plane.commit(second)
    assert second.upstreams["api"] is first.upstreams["api"]
    assert second.upstreams["other"] is not first.upstreams["other"]


def test_a_bad_configuration_changes_nothing(plane: DataPlane) -> None:
    plane.commit(plane.prepare(MODEL.model_validate(settings())))
    two = [{"name": name, "match": {"path": "/same"}, "upstream": "api", "public": True} for name in ("a", "b")]
    with pytest.raises(CompileProblems):
        plane.prepare(MODEL.model_validate(settings(routes=two)))
    plane.commit(plane.prepare(MODEL.model_validate(settings())))


def test_preparing_puts_nothing_into_force(plane: DataPlane) -> None:
    first = plane.prepare(MODEL.model_validate(settings()))
    plane.commit(first)
    plane.prepare(MODEL.model_validate(settings(upstreams={"api": {"targets": ["http://127.0.0.1:12"]}})))
    again = plane.prepare(MODEL.model_validate(settings()))
    assert again.upstreams["api"] is first.upstreams["api"]


def test_a_tick_before_the_first_configuration(plane: DataPlane) -> None:
    plane.tick(1.0)
    assert plane.metrics_snapshot()["gauges"]["connections_open"] == 0


def test_the_kernel_takes_little_for_a_client_that_reads_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as client:
        bound_unsent(listening)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listening.getsockname())
        accepted, _ = listening.accept()
        with accepted:
            accepted.setblocking(False)
            taken = 0
            try:
                while taken < 64 * 1024 * 1024:
                    taken += accepted.send(bytes(16 * 1024))
            except BlockingIOError:
                pass
    assert taken < 512 * 1024
