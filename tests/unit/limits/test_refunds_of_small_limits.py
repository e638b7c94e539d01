"""What comes back of a small limit lies idle with no worker: another one would deny it to its caller meanwhile."""

import asyncio

import pytest

from hotgate.limits.limit import Limit
from unit.limits.node import Node


@pytest.mark.parametrize("kind", ["bucket", "window"])
def test_what_is_refunded_is_there_for_others_at_once(kind: str) -> None:
    node = Node().connect()
    limit = Limit("route/small", quota=3, window=86400, kind=kind)
    assert asyncio.run(node.admitted(limit, 3)) == 3
    for _ in range(3):
        node.client.refund(limit, "k", 1, node.now)
    node.carry()
    standing = node.authority.peek(limit, "k")
    assert standing is not None
    assert (standing.on_lease, standing.retry_after) == (0, 0)


def test_a_large_limit_keeps_it_and_asks_nobody() -> None:
    node = Node().connect()
    limit = Limit("route/large", quota=100_000, window=1)
    assert asyncio.run(node.admitted(limit, 50)) == 50
    node.carry()
    before = node.round_trips
    for _ in range(20):
        node.client.refund(limit, "k", 1, node.now)
        assert asyncio.run(node.admitted(limit, 1)) == 1
    assert node.round_trips == before
