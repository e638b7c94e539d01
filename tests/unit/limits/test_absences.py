"""Workers that die unheard: what they may have admitted counts, and no more than that."""

import asyncio

import pytest

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.bucket_table import ABSENCES
from hotgate.limits.limit import Limit
from unit.limits.node import Node

DAILY = Limit("route/daily", quota=100, window=86400)
RARE = Limit("route/rare", quota=100, window=86400, kind="window")
MINUTE = Limit("route/minute", quota=600, window=60)
QUICK = Limit("route/quick", quota=600, window=60, kind="window")


def left(authority: LeaseAuthority, limit: Limit) -> int:
    standing = authority.peek(limit, "k")
    assert standing is not None
    return int(standing.level)


def admitted_alone(node: Node) -> int:
    asyncio.run(node.admitted(QUICK, 1))
    node.now += 300
    return asyncio.run(node.admitted(QUICK, 600))


@pytest.mark.parametrize(("limit", "unused"), [(DAILY, 99), (RARE, 100)])
def test_a_limit_that_nobody_knew_when_a_worker_died_is_not_used_up(limit: Limit, unused: int) -> None:
    node = Node().connect()
    asyncio.run(node.admitted(QUICK, 1))
    node.authority.worker_lost("w")
    node.now += 0.1
    node.authority.worker_gone("w")
    assert left(node.authority, limit) == unused


def test_what_a_worker_admitted_alone_before_it_died_counts_by_limits_that_nobody_knew() -> None:
    node = Node().connect()
    node.client.authority_lost()
    node.authority.worker_lost("w")
    alone = admitted_alone(node)
    assert alone == 75
    node.authority.worker_gone("w")
    assert left(node.authority, QUICK) <= 600 - alone
    node.now += 61
    assert left(node.authority, QUICK) == 600


def test_what_a_worker_admitted_alone_and_forgot_counts_by_limits_that_nobody_knew() -> None:
    node = Node(max_keys=1).connect()
    node.client.authority_lost()
    node.authority.worker_lost("w")
    alone = admitted_alone(node)
    asyncio.run(node.admitted(DAILY, 1, key="other"))
    node.connect()
    assert left(node.authority, QUICK) <= 600 - alone


def test_of_many_deaths_the_last_are_remembered_one_by_one_and_nothing_of_the_others_is_lost() -> None:
    node = Node()
    for _ in range(ABSENCES + 1):
        node.now += 1000
        node.connect()
        node.client.authority_lost()
        node.authority.worker_lost("w")
        node.authority.worker_gone("w")
    assert left(node.authority, DAILY) == int(ABSENCES * 1000 / 864) - ABSENCES  # empty at the first of these deaths


@pytest.mark.parametrize("limit", [Limit("route/small", quota=1, window=1), QUICK])
def test_what_another_authority_had_lent_and_was_spent_late_is_counted_when_the_worker_comes_back(limit: Limit) -> None:
    node = Node()
    node.authority.set_workers(2)
    node.connect()
    asyncio.run(node.spend(limit))
    spent_at, node.now = node.now, node.now + 0.1
    node.client.authority_lost()
    node.client.refund(limit, "k", 1, spent_at)  # so that a token is held, however small the limit
    node.authority = LeaseAuthority(lambda: node.now, workers=2)
    node.authority.expect(["w", "dead"], deadline=node.now + 1)
    node.authority.worker_gone("dead")
    node.now += 100
    node.authority.tick()
    node.now += 200
    assert asyncio.run(node.admitted(limit, 1)) == 1
    node.connect()
    standing = node.authority.peek(limit, "k")
    assert standing is not None
    assert standing.level + standing.on_lease <= limit.capacity - 1


def test_what_was_charged_alone_is_not_forgotten_before_it_is_told() -> None:
    node = Node().connect()
    node.client.authority_lost()
    node.client.charge(MINUTE, "k", 3)
    node.wait(10)
    node.connect()
    assert left(node.authority, MINUTE) <= 600 - 3
