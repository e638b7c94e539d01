"""`rate_limit` on the wire: what answers say, and what answers of backends change about the limits."""

from typing import Any

import pytest

from wire.limit_authority import LimitAuthority
from wire.message import Message
from wire.peer import turns
from wire.samples import get
from wire.scenario import Wire, scenario

TOLD = {"header": "X-Cost", "estimate": 1, "most": 5}
_HANDSHAKE = get("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: abc")
_SWITCHED = b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: def\r\n\r\n"


def route(*limits: dict[str, Any]) -> dict[str, Any]:
    return {"rate_limit": [{"limit": "5/day", **each} for each in limits] if len(limits) > 1 else limits[0]}


def answer(*lines: bytes, status: int = 200) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 %d X" % status, *lines, b"Content-Length: 0", b"", b""])


async def ask(wire: Wire, backend_says: bytes) -> Message:
    """A request that reaches the backend."""
    client = await wire.send(get("/"))
    backend = await wire.backend.only()
    await backend.message()
    backend.send(backend_says)
    return await client.message()


async def refused(wire: Wire) -> Message:
    """A request that does not."""
    message = await (await wire.send(get("/"))).message()
    assert (message.status, message.code) == (429, "rate-limited")
    return message


@scenario(route=route({"name": "burst", "limit": "2/minute"}, {"name": "daily"}))
async def test_several_limits_on_the_wire(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    first = await ask(wire, answer())
    assert first.get_all(b"ratelimit-policy") == [b'"burst";q=2;w=60, "daily";q=5;w=86400']
    assert first.get_all(b"ratelimit") == [b'"burst";r=1;t=30, "daily";r=4;t=69120']
    await ask(wire, answer())
    refusal = await refused(wire)
    assert (refusal.get(b"retry-after"), refusal.get_all(b"ratelimit")) == (b"30", [b'"burst";r=0;t=30'])
    assert b'"violated-policies":["burst"]' in refusal.body
    assert wire.last_record["code"] == "rate-limited"
    assert wire.last_record["log_detail"] == "limit burst: more than 2 in 1m by principal"
    wire.gateway.advance(31)
    assert (await ask(wire, answer())).get_all(b"ratelimit")[0].startswith(b'"burst";r=0;t=')


@scenario(route=route({"limit": "1/day", "dry_run": True}))
async def test_a_dry_run_lets_everybody_pass_and_says_nothing(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    for _ in range(3):
        message = await ask(wire, answer())
        assert (message.status, message.get(b"ratelimit"), message.get(b"ratelimit-policy")) == (200, None, None)
    (values,) = [each for each in wire.gateway.plane.metrics_snapshot()["routes"] if each["route"] == "all"]
    assert values["limited"] == {"all dry-run": 2}


@scenario(route=route({"limit": "5/day", "cost": {**TOLD, "remove": True}}))
async def test_an_answer_says_what_it_has_cost(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    first = await ask(wire, answer(b"X-Cost: 4"))
    assert (first.status, first.get(b"x-cost")) == (200, None)
    assert first.get(b"ratelimit-policy") == b'"all";q=5;w=86400'
    second = await ask(wire, answer(b"X-Cost: 1"))
    assert second.get_all(b"ratelimit") == [b'"all";r=0;t=86400']
    await refused(wire)


@pytest.mark.parametrize(
    "lines", [[b"X-Cost: -9"], [b"X-Cost: 99999999999999"], [b"X-Cost: free"], [b"X-Cost: 0", b"X-Cost: 0"]]
)
@scenario(route=route({"limit": "5/day", "cost": TOLD}))
async def test_a_backend_that_says_nonsense_makes_nothing_cheaper(wire: Wire, lines: list[bytes]) -> None:
    LimitAuthority(wire.gateway)
    assert (await ask(wire, answer(*lines))).status == 200
    await refused(wire)


@scenario(route=route({"limit": "5/day", "cost": TOLD}))
async def test_who_leaves_before_the_answer_pays_the_most(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    client = await wire.send(get("/"))
    await (await wire.backend.accept()).message()
    client.reset()
    await turns()
    await refused(wire)


@scenario(route=route({"limit": "5/day", "cost": TOLD}))
async def test_who_leaves_after_the_answer_began_pays_what_it_said(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    client = await wire.send(get("/"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(b"HTTP/1.1 200 OK\r\nX-Cost: 2\r\nContent-Length: 9\r\n\r\nhalf")
    await client.head()
    client.reset()
    await turns()
    client = await wire.send(get("/"))
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(answer())
    assert (await client.message()).get_all(b"ratelimit") == [b'"all";r=2;t=51840']


@scenario(route=route({"limit": "2/day", "count": [401, "5xx"]}))
async def test_only_failures_count(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    for _ in range(4):
        assert (await ask(wire, answer())).status == 200
    assert (await ask(wire, answer(status=401))).status == 401
    assert (await ask(wire, answer(status=503))).status == 503
    await refused(wire)


@scenario(route=route({"limit": "2/day", "count": [401]}))
async def test_a_failure_counts_although_the_client_hangs_up(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    for _ in range(2):
        client = await wire.send(get("/"))
        await (await wire.backend.accept()).message()
        client.reset()
        await turns()
    await refused(wire)


@scenario(route=route({"limit": "2/day", "count": [502]}))
async def test_failures_of_the_gateway_itself_count_too(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    wire.backend.refuse_connections()
    await turns()
    assert [(await (await wire.send(get("/"))).message()).status for _ in range(3)] == [502, 502, 429]


@scenario(route=route({"limit": "1/day", "count": [401]}))
async def test_a_tunnel_is_no_failure(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    for _ in range(3):
        client = await wire.send(_HANDSHAKE)
        backend = await wire.backend.accept()
        await backend.head()
        backend.send(_SWITCHED)
        assert (await client.head()).status == 101
        client.close()
        await turns()


@scenario(route=route({"limit": "9/day", "name": "gateway"}))
async def test_what_a_backend_says_of_its_own_limits_is_passed_on(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    own = [b'RateLimit-Policy: "own";q=3;w=9', b'RateLimit: "own";r=2;t=9']
    message = await ask(wire, answer(*own))
    assert message.get_all(b"ratelimit-policy") == [b'"own";q=3;w=9', b'"gateway";q=9;w=86400']
    assert message.get_all(b"ratelimit") == [b'"own";r=2;t=9', b'"gateway";r=8;t=76800']


@scenario(route=route({"limit": "4/minute", "headers": "both"}, {"name": "quiet", "headers": "none"}))
async def test_older_fields_and_none(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    message = await ask(wire, answer())
    assert message.get_all(b"ratelimit-policy") == [b'"all";q=4;w=60']
    told = [message.get(b"x-ratelimit-" + name) for name in (b"limit", b"remaining", b"reset")]
    assert told == [b"4", b"3", b"15"]


@scenario(route=route({"limit": "10000/day"}))
async def test_a_reload_to_a_smaller_limit_is_the_smaller_limit(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    for _ in range(20):
        await ask(wire, answer())
    configuration = wire.gateway.configuration
    (only,) = configuration["routes"]
    wire.gateway.reconfigure({**configuration, "routes": [{**only, "rate_limit": {"limit": "3/day"}}]})
    await turns()
    assert (await ask(wire, answer())).get(b"ratelimit") == b'"all";r=1;t=57600'
    await ask(wire, answer())
    await refused(wire)
