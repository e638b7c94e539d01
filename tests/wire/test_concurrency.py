"""Places for requests, through sockets: who waits, for how long, in what order, and that no place is ever lost."""

from typing import Any

import pytest

from wire.callers import called_by, identities
from wire.message import Message
from wire.peer import Peer, turns
from wire.samples import CHUNKED_POST, GET, OK, chunk, get, ok
from wire.scenario import Wire, scenario

ONE = {"concurrency": {"limit": 1, "wait": "1s"}}
CALLERS: dict[str, Any] = {"public": False, "authenticate": ["partners"]}
LARGE_POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 23000\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


async def reached(wire: Wire) -> tuple[Peer, Message]:
    """The next request that the backend gets, on a connection of its own."""
    backend = await wire.backend.accept()
    return backend, await backend.message()


async def answer(backend: Peer) -> None:
    backend.send(ok(b"", "Connection: close"))
    await turns(30)


def numbers(wire: Wire, kind: str) -> Any:
    return wire.gateway.plane.metrics_snapshot()["gauges"]["places"][kind]


@scenario(upstream=ONE)
async def test_a_request_waits_for_its_place(wire: Wire) -> None:
    first, second = await wire.send(GET), await wire.send(get("/second"))
    backend, _ = await reached(wire)
    await turns()
    assert wire.backend.accepted == 1
    assert numbers(wire, "waiting") == {"upstreams/api": 1}
    await answer(backend)
    backend, request = await reached(wire)
    assert request.start == b"GET /second HTTP/1.1"
    await answer(backend)
    assert [(await client.message()).status for client in (first, second)] == [200, 200]
    assert numbers(wire, "in_use") == {"upstreams/api": 0}


@scenario(upstream={"concurrency": {"limit": 1, "queue": 0}})
async def test_without_a_line_it_is_refused_at_once(wire: Wire) -> None:
    await wire.send(GET)
    await reached(wire)
    refused = await (await wire.send(GET)).message()
    assert (refused.status, refused.code) == (503, "concurrency-limited")
    assert refused.get(b"retry-after") in (b"1", b"2")
    assert wire.last_record["code"] == "concurrency-limited"
    assert "every place is taken" in wire.last_record["log_detail"]


@scenario(upstream=ONE)
async def test_the_wait_has_an_end(wire: Wire) -> None:
    await wire.send(GET)
    await reached(wire)
    late = await wire.send(GET)
    await turns()
    wire.gateway.advance(0.75)
    await turns()
    assert late.received() == b""
    wire.gateway.advance(0.25)
    assert (await late.message()).code == "concurrency-limited"
    assert "in time" in wire.last_record["log_detail"]
    assert wire.gateway.plane.metrics_snapshot()["counters"]["places"]["refused"] == {"upstreams/api": {"expired": 1}}


@scenario(upstream=ONE)
async def test_a_client_that_leaves_gives_up_its_place_in_the_line(wire: Wire) -> None:
    await wire.send(GET)
    backend, _ = await reached(wire)
    gone, last = await wire.send(get("/gone")), await wire.send(get("/last"))
    await turns()
    gone.reset()
    await turns()
    assert numbers(wire, "waiting") == {"upstreams/api": 1}
    await answer(backend)
    _, request = await reached(wire)
    assert request.start == b"GET /last HTTP/1.1"
    assert last.received() == b""


@scenario(upstream=ONE)
async def test_a_client_that_leaves_gives_its_place_back(wire: Wire) -> None:
    first = await wire.send(GET)
    await reached(wire)
    await wire.send(get("/second"))
    first.reset()
    _, request = await reached(wire)
    assert request.start == b"GET /second HTTP/1.1"


@scenario(route=CALLERS, upstream={"concurrency": {"limit": 1, "queue": 6}}, settings={"identity": identities()})
async def test_one_caller_floods_the_line_and_the_others_get_their_turns(wire: Wire) -> None:
    await wire.send(called_by("ada", "/first"))
    backend, _ = await reached(wire)
    flood = [await wire.send(called_by("ada", f"/{number}")) for number in range(10)]
    await turns()
    for name in ("bob", "cyd"):
        await wire.send(called_by(name, f"/{name}"))
    await turns()
    served = []
    for _ in range(4):
        await answer(backend)
        backend, request = await reached(wire)
        served.append(request.start.split()[1])
    assert served == [b"/0", b"/bob", b"/cyd", b"/1"]
    refused = [client for client in flood if client.received().startswith(b"HTTP/1.1 503")]
    assert len(refused) == 10 - 4


@scenario(
    route={**CALLERS, "concurrency": {"limit": 1, "by": "principal", "queue": 0}}, settings={"identity": identities()}
)
async def test_callers_have_places_of_their_own(wire: Wire) -> None:
    await wire.send(called_by("ada"))
    await reached(wire)
    assert (await (await wire.send(called_by("ada"))).message()).status == 429
    await wire.send(called_by("bob"))
    await reached(wire)


@scenario(route={"concurrency": {"limit": 1, "wait": "1s"}}, upstream={"concurrency": {"limit": 5}})
async def test_nobody_is_stuck_when_a_reload_takes_the_limit_away(wire: Wire) -> None:
    await wire.send(GET)
    backend, _ = await reached(wire)
    waiting, late = await wire.send(get("/waiting")), await wire.send(get("/late"))
    await turns()
    configuration = dict(wire.gateway.configuration)
    configuration["routes"] = [{**configuration["routes"][0], "concurrency": None}]
    wire.gateway.reconfigure(configuration)
    await turns()
    await answer(backend)
    _, request = await reached(wire)
    assert request.start == b"GET /waiting HTTP/1.1"
    wire.gateway.advance(1.0)
    assert (await late.message()).code == "concurrency-limited"
    assert waiting.received() == b""


@scenario(route={"concurrency": {"limit": 1, "wait": "20s"}})
async def test_a_reload_that_raises_the_limit_lets_those_in_who_wait(wire: Wire) -> None:
    await wire.send(GET)
    await reached(wire)
    await wire.send(get("/second"))
    await wire.send(get("/third"))
    await turns()
    configuration = dict(wire.gateway.configuration)
    configuration["routes"] = [{**configuration["routes"][0], "concurrency": {"limit": 2}}]
    wire.gateway.reconfigure(configuration)
    _, request = await reached(wire)
    assert request.start == b"GET /second HTTP/1.1"
    await turns()
    assert numbers(wire, "in_use") == {"routes/all/concurrency/route": 2}
    assert numbers(wire, "limit") == {"routes/all/concurrency/route": 2}


@scenario(route={"max_concurrent": 1})
async def test_a_reload_does_not_give_out_places_twice(wire: Wire) -> None:
    await wire.send(GET)
    await reached(wire)
    wire.gateway.reconfigure({**wire.gateway.configuration, "watch": False})
    assert (await (await wire.send(GET)).message()).code == "route-busy"


@scenario(upstream={"concurrency": {"limit": 1, "queue": 0}})
async def test_a_tunnel_keeps_its_place_until_it_ends(wire: Wire) -> None:
    client = await wire.send(get("/", "Connection: upgrade", "Upgrade: websocket"))
    backend, _ = await reached(wire)
    backend.send(SWITCHED)
    await client.head()
    assert (await (await wire.send(GET)).message()).code == "concurrency-limited"
    client.close()
    await turns()
    await wire.send(GET)
    await reached(wire)


@pytest.mark.parametrize("how", ["the backend leaves", "its answer is cut short", "the body is too large"])
def test_every_end_gives_the_place_back(how: str) -> None:
    @scenario(route={"max_body": "10B"}, upstream={"concurrency": {"limit": 1, "queue": 0}})
    async def script(wire: Wire) -> None:
        if how == "the body is too large":
            client = await wire.send(CHUNKED_POST, b"1\r\na\r\n")
            await (await wire.backend.accept()).head()
            client.send(b"ff\r\n" + b"x" * 255 + b"\r\n0\r\n\r\n")
            assert (await client.message()).status == 413
        else:
            client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
            backend, _ = await reached(wire)
            if how == "its answer is cut short":
                backend.send(OK[:-1])
                await client.head()
            backend.reset()
            assert await client.is_gone() if how == "its answer is cut short" else await client.message()
        await turns()
        assert numbers(wire, "in_use") == {"upstreams/api": 0}

    script()


@scenario(upstream={"concurrency": {"limit": 2, "queue": 5, "wait": "20s"}})
async def test_slow_bodies_end_and_give_their_places_back(wire: Wire) -> None:
    """Two that send next to nothing have both places; the least rate of a body ends that."""
    lorises = [await wire.send(CHUNKED_POST, b"1\r\na\r\n") for _ in range(2)]
    for _ in lorises:
        await (await wire.backend.accept()).head()
    await wire.send(get("/honest"))
    await turns()
    for _ in range(40):
        for loris in lorises:
            await loris.send_in_pieces(b"1\r\na\r\n", size=6)
        wire.gateway.advance(0.25)
    _, request = await reached(wire)
    assert request.start == b"GET /honest HTTP/1.1"


@scenario(upstream={"concurrency": {"limit": 1, "queue": 0}})
async def test_who_has_not_begun_to_send_a_body_has_no_place(wire: Wire) -> None:
    loris = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
    await turns()
    assert numbers(wire, "in_use") == {"upstreams/api": 0}
    honest = await wire.send(GET)
    backend, _ = await reached(wire)
    await answer(backend)
    assert (await honest.message()).status == 200
    loris.send(b"cde")
    backend, request = await reached(wire)
    assert request.body == b"abcde"
    assert numbers(wire, "in_use") == {"upstreams/api": 1}
    await answer(backend)
    assert (await loris.message()).status == 200
    assert numbers(wire, "in_use") == {"upstreams/api": 0}


@pytest.mark.parametrize("begun", [CHUNKED_POST + b"1\r\na\r\n", LARGE_POST + b"a" * 16_999])
def test_a_body_that_trickles_holds_no_place_where_it_is_waited_for(begun: bytes) -> None:
    @scenario(upstream={"concurrency": {"limit": 1, "queue": 0}}, route={"buffer_body": "1MiB"})
    async def script(wire: Wire) -> None:
        loris = await wire.send(begun)
        await turns()
        for _ in range(20):
            honest = await wire.send(GET)
            backend, request = await reached(wire)
            assert request.start.startswith(b"GET")
            await answer(backend)
            assert (await honest.message()).status == 200
            loris.send(chunk(b"a" * 300) if begun.startswith(CHUNKED_POST) else b"a" * 300)
            await turns()
            wire.gateway.advance(1)
        assert wire.backend.accepted == 20
        loris.send(b"0\r\n\r\n" if begun.startswith(CHUNKED_POST) else b"a")
        _, request = await reached(wire)
        assert request.body.count(b"a") == len(request.body) > 6_000

    script()


@scenario(upstream={"concurrency": {"limit": 1, "queue": 0}}, route={"buffer_body": "1KiB"})
async def test_a_body_that_is_waited_for_is_bounded(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST)
    for _ in range(2):
        client.send(chunk(b"a" * 600))
        await turns()
    assert (await client.message()).status == 413
    assert (wire.backend.accepted, numbers(wire, "in_use")) == (0, {"upstreams/api": 0})


@scenario(route={"buffer_body": "1MiB", "concurrency": {"limit": 1, "queue": 0}})
async def test_places_of_the_route_bound_how_many_bodies_are_waited_for(wire: Wire) -> None:
    loris = await wire.send(CHUNKED_POST, chunk(b"a"))
    await turns()
    refused = await wire.send(CHUNKED_POST, chunk(b"a"))
    assert (await refused.message()).code == "concurrency-limited"
    loris.close()
    await wire.until_connected(1)
    _, answered = await wire.exchange(CHUNKED_POST + b"1\r\na\r\n0\r\n\r\n", OK)
    assert answered.status == 200


@scenario(route={**CALLERS, "buffer_body": "1MiB"}, settings={"identity": identities()})
async def test_nobody_is_waited_for_who_is_refused(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"a"))
    assert (await client.message()).status == 401


@scenario(upstream={"concurrency": {"limit": 1, "wait": "1s"}})
async def test_a_body_that_is_there_waits_for_its_place(wire: Wire) -> None:
    await wire.send(GET)
    backend, _ = await reached(wire)
    client = await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
    await turns()
    client.send(b"cde")
    await turns()
    assert numbers(wire, "waiting") == {"upstreams/api": 1}
    await answer(backend)
    _, request = await reached(wire)
    assert request.body == b"abcde"


def samples(wire: Wire) -> int:
    places = wire.gateway.compiled.upstreams["api"].places
    assert places is not None
    assert places.adaptive is not None
    return places.adaptive._samples.count


ADAPTIVE = {"concurrency": {"limit": "adaptive", "min": 1}, "timeouts": {"head": "1s"}}


@scenario(upstream=ADAPTIVE)
async def test_an_adaptive_limit_learns_from_answers(wire: Wire) -> None:
    for count in range(3):
        client = await wire.send(GET)
        backend, _ = await reached(wire)
        await answer(backend)
        await client.message()
        assert samples(wire) == count + 1


@scenario(upstream=ADAPTIVE)
async def test_an_adaptive_limit_learns_from_answers_that_do_not_come(wire: Wire) -> None:
    client = await wire.send(GET)
    await reached(wire)
    wire.gateway.advance(1.0)
    assert (await client.message()).status == 504
    assert samples(wire) == 1


@scenario(upstream=ADAPTIVE)
async def test_the_slowness_of_a_client_is_none_of_the_backend(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, b"1\r\na\r\n")
    backend = await wire.backend.accept()
    await backend.head()
    client.send(b"0\r\n\r\n")
    await turns(20)
    await answer(backend)
    assert (await client.message()).status == 200
    assert samples(wire) == 0


@scenario(upstream=ADAPTIVE)
async def test_a_reload_from_adaptive_to_fixed(wire: Wire) -> None:
    configuration = dict(wire.gateway.configuration)
    upstream = {**configuration["upstreams"]["api"], "concurrency": {"limit": 3}}
    wire.gateway.reconfigure({**configuration, "upstreams": {"api": upstream}})
    assert numbers(wire, "limit") == {"upstreams/api": 3}
    wire.gateway.reconfigure(configuration)
    assert numbers(wire, "limit") == {"upstreams/api": 20}
