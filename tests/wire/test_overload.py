"""A worker that has too much to do: who is refused before anything is done for them, and that it comes back."""

from typing import Any

import pytest

from wire.callers import called_by, identities
from wire.peer import turns
from wire.samples import GET, OK, get, ok
from wire.scenario import Wire, scenario

ROUTES: list[dict[str, Any]] = [
    {"name": name, "match": {"path": f"/{name}"}, "upstream": "api", "public": True, "priority": name}
    for name in ("critical", "high", "normal", "low")
]
CALLERS: dict[str, Any] = {"public": False, "authenticate": ["partners"]}
PRIORITIES = {"rules": [{"when": "'gold' in principal.roles", "priority": "high"}]}


def press(wire: Wire, *, lag: float = 0.0, memory: int = 0, ticks: int = 8) -> None:
    wire.gateway.readings.loop_lag, wire.gateway.readings.memory = lag, memory
    for _ in range(ticks):
        wire.gateway.advance(0.25)


async def is_served(wire: Wire, request: bytes) -> bool:
    client = await wire.send(request)
    await turns(30)
    if client.received():
        answered = await client.message()
        assert (answered.status, answered.code) == (503, "overloaded")
        assert answered.get(b"retry-after") in (b"1", b"2", b"3", b"4", b"5")
        client.close()
        return False
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(ok(b"", "Connection: close"))
    assert (await client.message()).status == 200
    client.close()
    return True


@pytest.mark.parametrize(
    ("lag", "served"),
    [
        (0.2, {"critical", "high", "normal", "low"}),
        (0.5, {"critical", "high", "normal"}),
        (0.75, {"critical", "high"}),
        (10.0, {"critical"}),
    ],
)
def test_the_least_important_are_given_up_first(lag: float, served: set[str]) -> None:
    @scenario(routes=ROUTES)
    async def script(wire: Wire) -> None:
        press(wire, lag=lag)
        assert {route["name"] for route in ROUTES if await is_served(wire, get(f"/{route['name']}"))} == served

    script()


@scenario(routes=ROUTES)
async def test_it_recovers_step_by_step(wire: Wire) -> None:
    press(wire, lag=10.0)
    assert not await is_served(wire, get("/high"))
    press(wire, lag=0.0, ticks=7)
    assert await is_served(wire, get("/high"))
    assert not await is_served(wire, get("/low"))
    assert wire.gateway.plane._overload.active == {"loop_lag"}  # it is not over as long as somebody is given up
    press(wire, lag=0.0, ticks=14)
    assert await is_served(wire, get("/low"))
    assert wire.gateway.plane._overload.active == set()
    assert wire.gateway.plane._context.shedding is None


@scenario(route=CALLERS, settings={"identity": identities(), "priorities": PRIORITIES})
async def test_callers_who_pay_are_served_longer(wire: Wire) -> None:
    press(wire, lag=0.75)
    assert await is_served(wire, called_by("gold"))
    assert not await is_served(wire, called_by("ada"))
    assert wire.gateway.plane.metrics_snapshot()["counters"]["shed"] == {"high": 0, "normal": 1, "low": 0}


@scenario(route=CALLERS, settings={"identity": identities(), "priorities": PRIORITIES})
async def test_nobody_becomes_important_by_a_header(wire: Wire) -> None:
    press(wire, lag=0.75)
    fields = ("X-Auth-Roles: gold", "X-Priority: critical", "Priority: u=0", "X-Forwarded-For: 127.0.0.1")
    assert not await is_served(wire, called_by("ada", "/", *fields))


@scenario(route=CALLERS, settings={"identity": identities()})
async def test_no_credential_is_looked_at_for_who_is_given_up(wire: Wire) -> None:
    press(wire, lag=10.0)
    assert not await is_served(wire, get("/", "X-Api-Key: made-up"))
    assert wire.gateway.plane.metrics_snapshot()["counters"]["authentication_failures"] == {}


@scenario()
async def test_the_reason_is_for_operators(wire: Wire) -> None:
    press(wire, lag=10.0)
    client = await wire.send(GET)
    answered = await client.message()
    assert b"loop_lag" not in answered.body
    assert (wire.last_record["code"], wire.last_record["log_detail"]) == ("overloaded", "pressure of loop_lag")
    assert not answered.closes  # a new connection would cost more than the next request on this one


@scenario()
async def test_the_body_of_who_is_given_up_is_not_kept(wire: Wire) -> None:
    press(wire, lag=10.0)
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
    assert (await client.message()).code == "overloaded"
    client.send(b"lo", GET)
    await turns()
    wire.gateway.advance(2.0)
    assert (await client.message()).code == "overloaded"


@scenario()
async def test_who_asks_again_at_once_is_made_to_wait(wire: Wire) -> None:
    press(wire, lag=10.0)
    client = await wire.send(GET)
    assert (await client.message()).code == "overloaded"
    client.send(GET)
    press(wire, lag=10.0, ticks=1)
    await turns()
    assert client.received() == b""
    press(wire, lag=10.0, ticks=8)
    assert (await client.message()).code == "overloaded"
    press(wire, lag=10.0, ticks=8)
    client.send(GET)
    assert (await client.message()).code == "overloaded"


@scenario()
async def test_who_is_made_to_wait_may_leave(wire: Wire) -> None:
    press(wire, lag=10.0)
    client = await wire.send(GET)
    await client.message()
    client.send(GET)
    await turns()
    client.reset()
    await wire.until_connected(0)
    assert wire.last_record["status"] == 499


@scenario(settings={"overload": {"enabled": False}})
async def test_it_can_be_switched_off(wire: Wire) -> None:
    press(wire, lag=10.0, memory=1 << 40)
    assert await is_served(wire, GET)


@scenario()
async def test_a_reload_that_switches_it_off_ends_it(wire: Wire) -> None:
    press(wire, lag=10.0)
    wire.gateway.reconfigure({**wire.gateway.configuration, "overload": {"enabled": False}})
    wire.gateway.advance(0.25)
    assert await is_served(wire, GET)


@scenario(routes=ROUTES, settings={"overload": {"memory": {"limit": "100MiB"}}})
async def test_too_little_memory(wire: Wire) -> None:
    client = await wire.send(get("/critical"))
    backend = await wire.backend.only()
    await backend.message()
    press(wire, memory=91 * 1024**2)
    backend.send(ok(b"", "Connection: close"))
    assert (await client.message()).closes
    assert not await is_served(wire, get("/low"))
    press(wire, memory=99 * 1024**2)
    refused = await (await wire.connect()).message()
    assert (refused.status, refused.closes) == (503, True)
    assert wire.gateway.plane.metrics_snapshot()["counters"]["connections_refused"]["overloaded"] == 1
    press(wire, memory=50 * 1024**2, ticks=40)
    assert await is_served(wire, get("/low"))


@scenario(limits={"max_connections": 10})
async def test_room_is_made_for_new_connections(wire: Wire) -> None:
    idle = [await wire.connect() for _ in range(9)]
    await turns()
    press(wire, ticks=1)
    busy = await wire.send(GET)
    backend = await wire.backend.only()
    await backend.message()
    press(wire, ticks=5)
    for client in idle:
        assert await client.rest() == b""
    backend.send(OK)
    assert (await busy.message()).status == 200
    await turns()
    press(wire, ticks=1)
    assert not wire.gateway.plane._context.ends_connections


@scenario(limits={"max_connections": 10})
async def test_who_is_sending_a_request_is_not_hurried(wire: Wire) -> None:
    clients = [await wire.send(b"GET / HTTP/1.1\r\nHo") for _ in range(9)]
    await turns()
    press(wire, ticks=8)
    clients[0].send(b"st: a\r\n\r\n")
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await clients[0].message()).closes


@scenario()
async def test_a_drain_ends_connections_whatever_the_pressure(wire: Wire) -> None:
    wire.gateway.plane._context.draining = True
    press(wire, ticks=1)
    assert wire.gateway.plane._context.ends_connections


@scenario()
async def test_without_pressure_requests_are_not_looked_at(wire: Wire) -> None:
    press(wire, lag=0.2)
    assert wire.gateway.plane._context.shedding is None
    assert wire.gateway.readings.turns == 9
