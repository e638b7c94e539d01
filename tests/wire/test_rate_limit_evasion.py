"""Whoever writes the same thing otherwise, comes from next door or opens more connections gets no second bucket."""

from hashlib import sha256
from typing import Any

import pytest

from wire.limit_authority import LimitAuthority
from wire.peer import turns
from wire.samples import get
from wire.scenario import Wire, scenario

KEYS = [
    {"id": name, "consumer": "acme", "sha256": sha256(name.encode()).hexdigest()}
    for name in ("first-key", "second-key")
]
SETTINGS: dict[str, Any] = {
    "identity": {
        "partners": {"api_key": {"keys": KEYS}},
        "others": {"api_key": {"header": "x-other", "keys": [KEYS[1]]}},
    }
}


def limited(path: str = "/*", **settings: Any) -> list[dict[str, Any]]:
    limit = {"limit": "2/day", **settings}
    return [{"name": "r", "match": {"path": path}, "public": True, "respond": {}, "rate_limit": limit}]


async def statuses(wire: Wire, *requests: bytes) -> list[int]:
    """Of requests one after the other, each on a connection of its own."""
    return [(await (await wire.send(request)).message()).status for request in requests]


@scenario(routes=limited("/orders/{id}", by="path:id"))
async def test_a_path_written_otherwise_is_the_same_path(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    paths = ["/orders/seven", "/orders/%73even", "/orders/./seven", "/x/../orders/seven", "/orders/%73%65%76en"]
    assert await statuses(wire, *map(get, paths)) == [200, 200, 429, 429, 429]
    assert await statuses(wire, get("/orders/seven?x=1"), get("/orders/SEVEN")) == [429, 200], "case is data in a path"


@scenario(routes=limited(by="route"))
async def test_a_host_written_otherwise_is_the_same_route(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    hosts = [b"a.example", b"A.EXAMPLE", b"a.example:80", b"b.example"]
    requests = [b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host for host in hosts]
    assert await statuses(wire, *requests) == [200, 200, 429, 429]


@scenario(routes=limited(by="address"))
async def test_nobody_chooses_an_address(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    lies = ["X-Forwarded-For: 203.0.113.%d", "Forwarded: for=203.0.113.%d", "X-Real-IP: 203.0.113.%d"]
    requests = [get("/", lie % index) for index in range(3) for lie in lies]
    assert await statuses(wire, *requests) == [200, 200, *[429] * 7]


@scenario(routes=limited(by="address"), listener={"trusted_proxies": ["127.0.0.1"]})
async def test_a_network_behind_a_proxy_is_one_client(wire: Wire) -> None:
    LimitAuthority(wire.gateway)

    async def ask(*addresses: str) -> list[int]:
        return await statuses(wire, *[get("/", f"X-Forwarded-For: {address}") for address in addresses])

    assert await ask(*[f"2001:db8::{index:x}" for index in range(1, 6)]) == [200, 200, 429, 429, 429]
    assert await ask("192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201") == [200, 200, 429]
    assert await ask("198.51.100.1, 192.0.2.1") == [429], "the last address that is no proxy counts"


@scenario(routes=limited(by="address", ipv6_prefix=48), listener={"trusted_proxies": ["127.0.0.1"]})
async def test_a_customer_with_many_networks_is_one_client(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    requests = [get("/", f"X-Forwarded-For: 2001:db8:1:{index:x}::1") for index in range(4)]
    assert await statuses(wire, *requests) == [200, 200, 429, 429]


@scenario(routes=limited(by="header:X-Tenant"))
async def test_a_header_written_otherwise_is_the_same_header(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    same = [("X-Tenant: a, b",), ("x-tenant:  a, b  ",), ("X-TENANT: a", "x-tenant: b"), ("x-Tenant: a", "X-tenant: b")]
    assert await statuses(wire, *[get("/", *lines) for lines in same]) == [200, 200, 429, 429]
    long = [get("/", f"X-Tenant: {'x' * 6000}{end}") for end in "aab"]
    assert await statuses(wire, *long, long[0]) == [200, 200, 200, 429]
    aliases = [get("/", "X_Tenant: other"), get("/", "X.Tenant: another"), get("/")]
    assert await statuses(wire, *aliases) == [200, 200, 429], "without it the address counts"


@scenario(
    routes=[
        {
            "name": "r",
            "match": {"path": "/*"},
            "authenticate": ["partners", "others"],
            "respond": {},
            "rate_limit": {"limit": "2/day", "by": "consumer"},
        }
    ],
    settings=SETTINGS,
)
async def test_all_keys_of_a_consumer_share(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    lines = ["X-API-Key: first-key", "X-API-Key: second-key", "X-Other: second-key", "X-API-Key: first-key"]
    assert await statuses(wire, *[get("/", line) for line in lines]) == [200, 200, 429, 429]


@scenario(routes=limited(limit="5/day"))
async def test_many_connections_are_no_more_clients(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    clients = [await wire.send(get("/")) for _ in range(12)]
    answers = [(await client.message()).status for client in clients]
    assert sorted(answers) == [200] * 5 + [429] * 7


@scenario(routes=limited(limit="5/day"))
async def test_requests_in_one_piece_are_counted_one_by_one(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    client = await wire.send(get("/") * 9)
    assert [(await client.message()).status for _ in range(9)] == [200] * 5 + [429] * 4


@scenario(routes=limited(limit="3/day"))
async def test_who_sends_and_leaves_has_asked(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    for _ in range(3):
        client = await wire.send(get("/"))
        await client.head()
        client.reset()
    await turns()
    assert await statuses(wire, get("/")) == [429]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "get", "X-ANY"])
@scenario(routes=limited(limit="1/day"))
async def test_no_method_is_free(wire: Wire, method: str) -> None:
    LimitAuthority(wire.gateway)
    request = f"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode()
    client = await wire.send(request)
    first = await client.message(to_head=method == "HEAD")
    if first.status == 200:
        assert await statuses(wire, get("/")) == [429]


BY_SIZE = {"limit": "100/day", "cost": {"cel": "request.size", "most": 50}}


@scenario(routes=[{"name": "r", "match": {"path": "/*"}, "public": True, "respond": {}, "rate_limit": BY_SIZE}])
async def test_a_body_in_chunks_is_not_free(wire: Wire) -> None:
    LimitAuthority(wire.gateway)
    chunks = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    declared = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
    assert await statuses(wire, declared, get("/"), chunks, chunks, declared) == [200, 200, 200, 429, 200]
