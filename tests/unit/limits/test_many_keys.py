"""A worker and its authority with many keys: what each of them costs, and that they go in time, some at once."""

import asyncio
import tracemalloc
from collections import Counter

import pytest

from hotgate.limits.bucket_table import SWEPT_LIMITS
from hotgate.limits.lease_book import REVIEWED
from hotgate.limits.lease_client import IDLE, LONGEST_IDLE, MAX_RETURNED
from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from hotgate.limits.pending import CALM, Pending
from hotgate.limits.token_bucket import TokenBucket
from unit.limits.node import Node

LIMIT = Limit("route/r", quota=1000, window=60)
MANY = 3000


def node_with(keys: int, *, max_keys: int = 10_000, seconds: int = 60, workers: int = 1) -> Node:
    """Each key has had one request."""
    node = Node(max_keys=max_keys)
    node.authority.set_workers(workers)
    node.connect()
    limit = Limit("route/r", quota=1000, window=seconds)

    async def scenario() -> None:
        for number in range(keys):
            assert await node.admitted(limit, 1, key=f"key-{number}") == 1

    asyncio.run(scenario())
    return node


def given_back(node: Node) -> int:
    """Keys of which tokens come back in one tick."""
    node.now += 0.25
    node.client.tick(node.now)
    keys = sum(len(message["keys"]) for message in node.sent if message["type"] == "give_back")
    node.carry()
    return keys


def on_lease(node: Node) -> int:
    return sum(leased.on_lease > 0 for leased in node.authority.buckets())


def test_idle_leases_go_back_some_at_a_time() -> None:
    node = node_with(MANY)
    node.now += LONGEST_IDLE
    returned = [given_back(node) for _ in range(8)]
    assert max(returned) == MAX_RETURNED
    assert sum(returned) == MANY
    assert on_lease(node) == 0


def test_no_key_is_looked_at_twice_in_a_tick() -> None:
    """A round that ends in a tick is followed by one that begins with keys that the tick has seen already."""
    node = node_with(REVIEWED + 900, seconds=1)
    node.client.release()
    node.carry()
    node.now += IDLE
    node.client.tick(node.now)
    assert node.client.known_keys == 900
    for number in range(500):
        asyncio.run(node.admitted(LIMIT, 1, key=f"late-{number}"))
    node.client.tick(node.now)
    assert node.client.known_keys == 500


def test_keys_that_hold_nothing_are_in_nobodys_way() -> None:
    node = node_with(MAX_RETURNED + 500, seconds=600_000)
    node.client.release()
    node.carry()
    asyncio.run(node.admitted(LIMIT, 1, key="late"))
    node.now += LONGEST_IDLE
    assert given_back(node) == 1


def test_leases_that_are_in_use_stay() -> None:
    node = node_with(MANY)
    for number in range(5):
        node.now += 20
        assert asyncio.run(node.admitted(LIMIT, 1, key="key-7")) == 1
        given_back(node)
        assert on_lease(node) > 0, number
    node.wait(2)
    assert on_lease(node) == 1


def test_a_crowd_of_leases_goes_back_after_a_second() -> None:
    """The worker is one of two, so more than half of what it may know is too much."""
    crowd = node_with(MANY, max_keys=2 * MANY - 1, workers=2)
    crowd.now += IDLE
    assert given_back(crowd) == REVIEWED > MAX_RETURNED
    assert given_back(crowd) == 0  # it is no crowd any more
    few = node_with(MANY, max_keys=2 * MANY, workers=2)
    few.now += IDLE
    assert given_back(few) == 0


def test_no_tick_looks_at_all() -> None:
    node = node_with(2 * REVIEWED)
    node.client.release()
    node.now += 3600
    for left in (REVIEWED, 0):
        node.client.tick(node.now)
        assert node.client.known_keys == left


def test_keys_are_forgotten_on_both_sides_once_they_say_nothing() -> None:
    node = node_with(MANY)
    node.wait(40)
    for _ in range(5):
        node.authority.tick()
    assert (node.client.known_keys, node.authority.known_keys) == (0, 0)


def test_a_key_that_was_spent_from_is_known_until_it_is_full_again() -> None:
    node = node_with(1, seconds=600_000)
    node.wait(LONGEST_IDLE * 2)
    assert (node.client.known_keys, on_lease(node)) == (1, 0)
    node.now += 36_000
    node.wait(0.25)
    assert node.client.known_keys == 0


def test_nothing_is_pending_of_quiet_keys_and_what_they_share_stays_empty() -> None:
    node = node_with(3)
    asyncio.run(node.admitted(LIMIT, 100, key="key-0"))
    node.client.charge(LIMIT, "key-1", 50)
    node.client.refund(LIMIT, "key-2", 1, node.now)
    node.client.authority_lost()
    node.now += 60
    asyncio.run(node.admitted(LIMIT, 100, key="key-2"))
    node.connect()
    node.wait(3)
    asyncio.run(node.admitted(LIMIT, 100, key="key-2"))
    lease = node.client.lease("route/r", "key-2")
    assert lease is not None
    assert lease.pending is CALM
    fresh = Pending()
    assert all(getattr(CALM, name) == getattr(fresh, name) for name in Pending.__slots__)


def test_a_quiet_key_takes_little_memory() -> None:
    node_with(10)
    tracemalloc.start()
    try:
        node = node_with(MANY)
        node.wait(0.5)
        node.authority = Node().authority
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken / MANY < 400


def test_a_new_limit_does_not_look_at_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand routes may have one each, and a new authority meets them all at once."""
    node = Node().connect()
    refilled = Counter[str]()
    refill = TokenBucket.refill

    def counted(bucket: TokenBucket, now: float, out: float = 0.0, reserved: float = 0.0) -> None:
        refilled["times"] += 1
        refill(bucket, now, out, reserved)

    monkeypatch.setattr(TokenBucket, "refill", counted)
    limits = [Limit(f"route/{number}", quota=10, window=60) for number in range(3 * SWEPT_LIMITS)]
    for limit in limits:
        node.authority.lease("w", LeaseRequest(limit, "k"))
    assert refilled["times"] < 10 * len(limits)
    assert all(node.authority.limit(limit.scope) for limit in limits)


def test_limits_that_nobody_uses_any_more_are_forgotten() -> None:
    node = Node().connect()
    scopes = [f"route/{number}" for number in range(3 * SWEPT_LIMITS)]
    for scope in scopes:
        node.authority.define(Limit(scope, quota=10, window=60))
    assert sum(node.authority.limit(scope) is not None for scope in scopes) <= SWEPT_LIMITS
