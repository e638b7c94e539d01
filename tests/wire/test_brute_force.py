"""Bad credentials again and again: late answers, then a ban, and nobody else suffers."""

from hashlib import sha256
from typing import Any

from wire.peer import Peer
from wire.scenario import Wire, scenario

GOOD = b"0123456789abcdef"
KEYS = [{"id": "ci", "sha256": sha256(GOOD).hexdigest()}, {"id": "old", "sha256": sha256(b"old-old-old").hexdigest()}]
KEYS[1]["expires"] = "2020-01-01T00:00:00Z"
ROUTES: list[dict[str, Any]] = [
    {"name": "open", "match": {"path": "/open"}, "respond": {}, "public": True},
    {"name": "mine", "match": {"path": "/mine"}, "respond": {}, "authenticate": ["partners"]},
]
SETTINGS: dict[str, Any] = {
    "identity": {"partners": {"api_key": {"keys": KEYS}}},
    "brute_force": {"delay_after": 3, "ban_after": 5, "ban": "1m"},
}
BEHIND_A_PROXY = {"trusted_proxies": ["127.0.0.1"]}


def request(key: bytes, client: str = "192.0.2.1", path: str = "/mine") -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %b\r\nX-Api-Key: %b\r\n\r\n" % (
        path.encode(),
        client.encode(),
        key,
    )


async def told(client: Peer, key: bytes, address: str = "192.0.2.1", path: str = "/mine") -> tuple[int, str]:
    """The status, and the code of a refusal."""
    client.send(request(key, address, path))
    answer = await client.message()
    return answer.status, answer.code if answer.status >= 400 else ""


async def fail(wire: Wire, client: Peer, times: int, address: str = "192.0.2.1") -> None:
    """Fail so often, and let the time of the delays pass."""
    for number in range(times):
        client.send(request(b"guess-number-%d" % number, address))
        if not await client.has_received(b"HTTP/1.1 401"):
            wire.gateway.advance(1.0)
        assert (await client.message()).code == "key-unknown"


@scenario(routes=ROUTES, settings=SETTINGS, listener=BEHIND_A_PROXY)
async def test_a_failure_after_many_is_answered_late(wire: Wire) -> None:
    client = await wire.connect()
    await fail(wire, client, 3)
    client.send(request(b"one-guess-more"))
    assert not await client.has_received(b"H")
    wire.gateway.advance(0.25)
    assert (await client.message()).status == 401


@scenario(routes=ROUTES, settings=SETTINGS, listener=BEHIND_A_PROXY)
async def test_a_good_credential_is_never_late_and_resets_nothing(wire: Wire) -> None:
    client = await wire.connect()
    await fail(wire, client, 4)
    assert await told(client, GOOD) == (200, "")
    await fail(wire, client, 1)
    assert await told(client, GOOD) == (429, "too-many-failures")


@scenario(routes=ROUTES, settings=SETTINGS, listener=BEHIND_A_PROXY)
async def test_a_banned_address_is_turned_away_and_told_until_when(wire: Wire) -> None:
    client = await wire.connect()
    await fail(wire, client, 5)
    client.send(request(b"guess"))
    answer = await client.message()
    assert (answer.status, answer.code, answer.get(b"retry-after")) == (429, "too-many-failures", b"59")
    assert await told(client, b"guess", path="/open") == (200, "")
    wire.gateway.advance(60.0)
    assert await told(client, GOOD) == (200, "")


@scenario(routes=ROUTES, settings=SETTINGS, listener=BEHIND_A_PROXY)
async def test_others_behind_the_same_proxy_are_served(wire: Wire) -> None:
    client = await wire.connect()
    await fail(wire, client, 5)
    assert await told(client, GOOD, "192.0.2.2") == (200, "")
    assert await told(client, b"guess", "192.0.2.2") == (401, "key-unknown")


@scenario(routes=ROUTES, settings=SETTINGS, listener=BEHIND_A_PROXY)
async def test_another_address_of_the_same_64_is_no_way_out(wire: Wire) -> None:
    client = await wire.connect()
    for number in range(5):
        await fail(wire, client, 1, f"2001:db8::{number}")
    assert await told(client, GOOD, "2001:db8::ffff") == (429, "too-many-failures")
    assert await told(client, GOOD, "2001:db8:0:1::1") == (200, "")


@scenario(routes=ROUTES, settings=SETTINGS)
async def test_an_address_that_nobody_vouches_for_does_not_count(wire: Wire) -> None:
    """Otherwise anybody could have anybody banned, and escape by another X-Forwarded-For."""
    client = await wire.connect()
    for _ in range(20):  # the machine itself is exempt
        assert await told(client, b"guess") == (401, "key-unknown")
    assert not wire.gateway.plane.login_guard.bans


@scenario(routes=ROUTES, settings=SETTINGS, listener=BEHIND_A_PROXY)
async def test_an_expired_key_and_no_key_ban_nobody(wire: Wire) -> None:
    client = await wire.connect()
    for _ in range(10):
        assert await told(client, b"old-old-old") == (401, "key-expired")
        client.send(b"GET /mine HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
        assert (await client.message()).code == "token-missing"
    assert await told(client, GOOD) == (200, "")


@scenario(routes=ROUTES, settings=SETTINGS, listener=BEHIND_A_PROXY)
async def test_failures_from_elsewhere_lock_nobody_out_of_a_key(wire: Wire) -> None:
    client = await wire.connect()
    for number in range(1, 20):
        client.send(request(b"hg_live_ci_guess", f"198.51.100.{number}"))
        if not await client.has_received(b"HTTP/1.1 401"):
            wire.gateway.advance(5.0)
        assert (await client.message()).status == 401
    assert await told(client, GOOD) == (200, "")
    assert not wire.gateway.plane.login_guard.bans


@scenario(routes=ROUTES, settings=SETTINGS, listener=BEHIND_A_PROXY)
async def test_a_client_that_leaves_frees_its_place(wire: Wire) -> None:
    client = await wire.connect()
    await fail(wire, client, 3)
    client.send(request(b"one-guess-more"))
    assert not await client.has_received(b"H")
    assert len(wire.gateway.plane.login_guard.waiting) == 1
    client.reset()
    await wire.until_connected(0)
    await (await wire.connect()).has_received(b"H")
    assert len(wire.gateway.plane.login_guard.waiting) == 0


@scenario(routes=ROUTES, settings={**SETTINGS, "brute_force": {"enabled": False}}, listener=BEHIND_A_PROXY)
async def test_it_can_be_switched_off(wire: Wire) -> None:
    client = await wire.connect()
    for _ in range(40):
        assert await told(client, b"guess") == (401, "key-unknown")


@scenario(routes=ROUTES, settings=SETTINGS, listener=BEHIND_A_PROXY)
async def test_failures_are_counted_by_provider_and_code(wire: Wire) -> None:
    client = await wire.connect()
    await fail(wire, client, 4)
    counters = wire.gateway.plane.metrics_snapshot()["counters"]
    assert counters["authentication_failures"] == {"partners key-unknown": 4}
    assert counters["authentication_delayed"] == 1
