"""Targets that fail requests, on the wire: out of service, on trial, and back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wire.backend import Backend
from wire.message import Message
from wire.peer import Peer, turns
from wire.samples import CHUNKED_POST, GET, OK
from wire.scenario import Wire, scenario

_FAST = {"retries": {"attempts": 1}, "ejection": {"consecutive_failures": 2, "for": "30s"}}
_BREAKER: dict[str, Any] = {
    "retries": {"attempts": 1},
    "ejection": {"consecutive_failures": 2, "for": "30s", "max_share": "100%"},
    "panic_threshold": "0%",
}
_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def reconfigured(wire: Wire, *ports: int, **upstream: Any) -> None:
    """Give the gateway other targets, from nothing: pools and what was known about targets are new."""
    wire.gateway.reconfigure(
        {
            "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "upstreams": {"api": {"targets": [f"http://127.0.0.1:{port}" for port in ports], **upstream}},
            "routes": [{"name": "all", "match": {"path": "/*"}, "upstream": "api", "public": True}],
        }
    )
    wire.gateway.advance(0.25)


@asynccontextmanager
async def two_targets(wire: Wire, **upstream: Any) -> AsyncIterator[Backend]:
    """The wire's backend and another one, which the block gets."""
    other = Backend()
    await other.start()
    reconfigured(wire, wire.backend.port, other.port, **upstream)
    try:
        yield other
    finally:
        other.stop()


async def ask(wire: Wire, request: bytes = GET) -> Message:
    """One request on a connection of its own, which nobody plays the backend for."""
    return await (await wire.send(request)).message()


async def asked(wire: Wire, backend: Backend, answer: bytes = _CLOSE) -> int:
    """One request that this backend must get; the status that the client gets."""
    client = await wire.send(GET)
    peer = await backend.accept()
    await peer.message()
    peer.send(answer)
    return (await client.message()).status


@scenario()
async def test_a_dead_target_is_out_after_some_failures_and_nobody_notices_it_any_more(wire: Wire) -> None:
    async with two_targets(wire, **_FAST) as other:
        other.refuse_connections()
        statuses = [await asked(wire, wire.backend)]
        for _ in range(2):
            statuses.append((await ask(wire)).status)
            statuses.append(await asked(wire, wire.backend))
        assert statuses == [200, 502, 200, 502, 200]
        assert [await asked(wire, wire.backend) for _ in range(10)] == [200] * 10


@scenario()
async def test_a_target_that_is_back_is_found_by_one_request(wire: Wire) -> None:
    async with two_targets(wire, **_FAST) as other:
        for _ in range(2):
            assert await asked(wire, wire.backend) == 200
            client = await wire.send(GET)
            (await other.accept()).reset()
            assert (await client.message()).status == 502
        wire.gateway.advance(29)
        assert [await asked(wire, wire.backend) for _ in range(4)] == [200] * 4
        wire.gateway.advance(2)
        trial = await until_accepted(wire, other)
        # While the one trial is under way, all others go where it is known to work.
        assert [await asked(wire, wire.backend) for _ in range(4)] == [200] * 4
        await trial.message()
        trial.send(OK)
        await turns(20)
        before = other.accepted, wire.backend.accepted
        await asked(wire, wire.backend)
        second = await wire.send(GET)
        await trial.message()  # on the trial's connection, which was kept
        trial.send(OK)
        assert (await second.message()).status == 200
        assert (other.accepted, wire.backend.accepted) == (before[0], before[1] + 1)


async def until_accepted(wire: Wire, backend: Backend) -> Peer:
    """Send requests until this backend gets one; the others are answered by the wire's backend."""
    before = backend.accepted
    for _ in range(2):
        await wire.send(GET)
        await turns()
        if backend.accepted > before:
            return await backend.accept()
        peer = await wire.backend.accept()
        await peer.message()
        peer.send(_CLOSE)
    raise AssertionError("it got no request")


@scenario(upstream=_BREAKER)
async def test_a_breaker_refuses_at_once_and_lets_one_request_try(wire: Wire) -> None:
    for _ in range(2):
        client = await wire.send(GET)
        (await wire.backend.accept()).reset()
        assert (await client.message()).code == "upstream-closed"
    answer = await ask(wire)
    assert (answer.status, answer.code) == (503, "upstream-unavailable")
    assert answer.get(b"retry-after") == b"1"
    assert wire.backend.accepted == 2
    wire.gateway.advance(30)
    trial = await wire.send(GET)
    backend = await wire.backend.accept()
    assert (await ask(wire)).code == "upstream-unavailable"
    await backend.message()
    backend.send(OK)
    assert (await trial.message()).status == 200
    client = await wire.send(GET)
    await backend.message()
    backend.send(OK)
    assert (await client.message()).status == 200


@scenario(upstream=_BREAKER)
async def test_a_failed_trial_doubles_the_time(wire: Wire) -> None:
    for _ in range(2):
        client = await wire.send(GET)
        (await wire.backend.accept()).reset()
        await client.message()
    wire.gateway.advance(30)
    trial = await wire.send(GET)
    (await wire.backend.accept()).reset()
    assert (await trial.message()).code == "upstream-closed"
    wire.gateway.advance(59)
    assert (await ask(wire)).code == "upstream-unavailable"
    wire.gateway.advance(1)
    assert await asked(wire, wire.backend) == 200


@scenario(upstream=_BREAKER)
async def test_a_client_that_leaves_does_not_block_the_trial(wire: Wire) -> None:
    for _ in range(2):
        client = await wire.send(GET)
        (await wire.backend.accept()).reset()
        await client.message()
    wire.gateway.advance(30)
    trial = await wire.send(GET)
    await (await wire.backend.accept()).message()
    trial.reset()
    await turns(20)
    wire.gateway.advance(0.25)
    assert await asked(wire, wire.backend) == 200


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 20"]
)
def test_what_is_no_answer_is_a_failure(answer: bytes) -> None:
    @scenario(upstream=_BREAKER)
    async def script(wire: Wire) -> None:
        for _ in range(2):
            client = await wire.send(GET)
            backend = await wire.backend.accept()
            await backend.message()
            backend.send(answer)
            backend.half_close()
            assert (await client.message()).status == 502
        assert (await ask(wire)).code == "upstream-unavailable"

    script()


@scenario(upstream={**_BREAKER, "timeouts": {"head": "10s"}})
async def test_an_answer_that_does_not_come_is_a_failure(wire: Wire) -> None:
    for _ in range(2):
        client = await wire.send(GET)
        await (await wire.backend.accept()).message()
        wire.gateway.advance(11)
        assert (await client.message()).code == "upstream-timeout"
    assert (await ask(wire)).code == "upstream-unavailable"


@scenario(upstream={**_BREAKER, "timeouts": {"head": "10s"}})
async def test_a_client_that_sends_slowly_puts_no_target_out_of_service(wire: Wire) -> None:
    for _ in range(3):
        client = await wire.send(CHUNKED_POST)
        backend = await wire.backend.accept()
        await backend.until(b"\r\n\r\n")
        wire.gateway.advance(31)
        assert (await client.message()).status == 408
    assert await asked(wire, wire.backend) == 200


@scenario(upstream=_BREAKER)
async def test_clients_that_leave_put_no_target_out_of_service(wire: Wire) -> None:
    for _ in range(5):
        client = await wire.send(GET)
        await (await wire.backend.accept()).message()
        client.reset()
        await turns(20)
    assert await asked(wire, wire.backend) == 200


@scenario(upstream=_BREAKER)
async def test_kept_connections_that_the_backend_closes_are_no_failures(wire: Wire) -> None:
    for _ in range(5):
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
        again = await wire.send(GET)
        await backend.message()
        backend.reset()  # while the next request was on its way
        fresh = await wire.backend.accept()
        await fresh.message()
        fresh.send(_CLOSE)
        assert (await again.message()).status == 200


@pytest.mark.parametrize(("statuses", "is_out"), [([], False), (["502-504"], True), ([500], False)])
def test_answers_count_if_that_was_asked_for(statuses: list[Any], is_out: bool) -> None:
    ejection = {**_BREAKER["ejection"], "statuses": statuses}

    @scenario(upstream={**_BREAKER, "ejection": ejection})
    async def script(wire: Wire) -> None:
        busy = b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        for _ in range(2):
            assert await asked(wire, wire.backend, busy) == 503
        if is_out:
            assert (await ask(wire)).code == "upstream-unavailable"
        else:
            assert await asked(wire, wire.backend) == 200

    script()


@scenario(upstream={"retries": {"attempts": 1}, "ejection": {"consecutive_failures": 2}})
async def test_a_single_target_is_never_out_by_default(wire: Wire) -> None:
    for _ in range(5):
        client = await wire.send(GET)
        (await wire.backend.accept()).reset()
        assert (await client.message()).code == "upstream-closed"
    assert await asked(wire, wire.backend) == 200


@scenario()
async def test_an_unhealthy_target_gets_nothing_until_it_is_healthy(wire: Wire) -> None:
    async with two_targets(wire, health={"path": "/"}) as other:
        name = f"http://127.0.0.1:{other.port}"
        wire.gateway.plane.hear_of_targets({"healthy": {"api": {name: False}}, "addresses": {}})
        assert [await asked(wire, wire.backend) for _ in range(4)] == [200] * 4
        wire.gateway.plane.hear_of_targets({"healthy": {"api": {name: True}}, "addresses": {}})
        assert [await asked(wire, backend) for backend in (wire.backend, other)] == [200] * 2


@scenario()
async def test_ejections_are_counted(wire: Wire) -> None:
    async with two_targets(wire, **_FAST) as other:
        other.refuse_connections()
        for _ in range(2):
            await asked(wire, wire.backend)
            await ask(wire)
        name = f"http://127.0.0.1:{other.port}"
        snapshot = wire.gateway.plane.metrics_snapshot()
        assert snapshot["gauges"]["ejected"] == {"api": {name: 1}}
        assert [values["ejections"] for values in snapshot["upstreams"]] == [{name: 1}]
