"""A reload changes a limit while workers hold tokens of it, have asked for some, or are owed some."""

import asyncio
from collections.abc import Awaitable

import pytest

from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.limit import Limit
from hotgate.limits.report import KeyReport, Report
from unit.limits.node import Node

MANY = Limit("route/r", quota=10_000, window=86400)
FEW = Limit("route/r", quota=5, window=86400)


def reloaded(node: Node, limit: Limit) -> None:
    node.client.follow({limit.scope: limit})
    node.carry()


def test_what_was_lent_on_the_old_terms_is_not_spent_on_the_new_ones() -> None:
    node = Node().connect()
    asyncio.run(node.admitted(MANY, 100))
    reloaded(node, FEW)
    assert asyncio.run(node.admitted(FEW, 100)) == 4  # as full as before, in proportion


def test_what_was_not_spent_is_not_lost_either() -> None:
    node = Node().connect()
    asyncio.run(node.admitted(MANY, 100))
    wider = Limit("route/r", quota=20_000, window=86400)
    reloaded(node, wider)
    node.authority.define(wider)
    standing = node.authority.peek(wider, "k")
    assert standing is not None
    assert (standing.level, standing.on_lease) == (19_800, 0)


def test_a_reload_that_changes_nothing_leaves_leases_alone() -> None:
    node = Node().connect()
    asyncio.run(node.admitted(MANY, 100))
    before = node.authority.peek(MANY, "k")
    reloaded(node, Limit("route/r", quota=10_000, window=86400))
    assert node.authority.peek(MANY, "k") == before


def test_a_grant_on_the_old_terms_that_comes_late_is_void() -> None:
    async def scenario() -> bool | None:
        node = Node().connect()
        waiting = node.client.spend(MANY, "k")
        (asked,) = node.sent
        node.sent.clear()
        late = node.authority.on_message("w", {**asked, "need": 4000})
        assert late is not None
        assert late["granted"] == 4000
        node.client.follow({FEW.scope: FEW})
        node.client.on_message(late)
        assert isinstance(waiting, Awaitable)
        node.carry()
        decision = await waiting
        admitted = await node.admitted(FEW, 100)
        assert admitted < 5
        return decision.allowed if decision else None

    assert asyncio.run(scenario())


def test_a_request_of_before_gets_nothing_back_in_tokens_of_after() -> None:
    """With tiers a request took ten tokens; without them it takes one."""
    node = Node().connect()
    tiered = Limit("route/r", quota=50, window=86400)
    asyncio.run(node.admitted(tiered, 5, cost=10))
    reloaded(node, FEW)
    node.wait(0.25)
    node.client.refund(tiered, "k", 10, node.now)
    node.carry()
    assert asyncio.run(node.admitted(FEW, 10)) == 0


def test_a_request_of_before_that_comes_late_does_not_bring_the_old_limit_back() -> None:
    node = Node().connect()
    reloaded(node, FEW)
    asyncio.run(node.admitted(MANY, 1))
    assert asyncio.run(node.admitted(FEW, 100)) == 4


@pytest.mark.parametrize("kind", ["bucket", "window"])
def test_a_worker_that_has_not_heard_yet_loses_little(kind: str) -> None:
    """While old workers drain, both limits are told in turn."""
    old = Limit("route/r", quota=1000, window=86400, kind=kind)
    new = Limit("route/r", quota=2000, window=43200, kind=kind)
    node = Node().connect()
    told: list[dict[str, object]] = []
    draining = LeaseClient(told.append, lambda: node.now)
    draining.on_message(node.authority.hello("old", draining.authority_found()))

    async def both() -> int:
        admitted = 0
        for _ in range(20):
            outcome = draining.spend(old, "k")
            while told:
                answer = node.authority.on_message("old", told.pop(0))
                if answer is not None:
                    draining.on_message(answer)
            decision = await outcome if isinstance(outcome, Awaitable) else outcome
            admitted += decision is not None and decision.allowed
            admitted += await node.admitted(new, 1)
        return admitted

    assert asyncio.run(both()) == 40
    standing = node.authority.peek(new, "k")
    assert standing is not None
    assert standing.level + standing.on_lease > 1000


def test_a_worker_that_comes_back_with_tokens_on_the_new_terms_keeps_them() -> None:
    node = Node().connect()
    for key in ("a", "b", "c", "d", "e", "k"):
        asyncio.run(node.admitted(MANY, 10, key))
    few = Limit("route/r", quota=100, window=86400)
    report = Report(is_fresh=False, sequence=99, share=1.0, limits=(few,), keys=(KeyReport("route/r", "k", 3, 90, 0),))
    node.authority.hello("w", report.message())
    standing = node.authority.peek(few, "k")
    assert standing is not None
    assert standing.on_lease == 3
