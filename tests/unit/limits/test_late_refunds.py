"""A refund says when its tokens were spent: what a window takes back is that use, and never a later one."""

import asyncio
import math
from typing import Any

import pytest

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.limit import Limit
from unit.limits.node import Node

THOUSAND = Limit("route/large", quota=1000, window=60, kind="window")
EIGHTY = Limit("route/r", quota=80, window=10, kind="window")


def level(node: Node, limit: Limit, key: str = "k") -> float:
    standing = node.authority.peek(limit, key)
    assert standing is not None
    return standing.level + standing.on_lease


def told(node: Node) -> list[int]:
    """Refunds of which the authority hears in the next tick."""
    node.now += 0.25
    node.client.tick(node.now)
    refunds = [message["refunded"] for message in node.sent if message.get("refunded")]
    node.carry()
    return refunds


def spend(node: Node, limit: Limit, times: int = 1) -> float:
    """Seconds at which they were admitted."""
    assert asyncio.run(node.admitted(limit, times)) == times
    return node.now


def test_what_the_authority_counts_already_is_told_and_what_it_does_not_is_held_again() -> None:
    node = Node().connect()
    counted = spend(node, THOUSAND, 50)
    node.wait(1)
    uncounted = spend(node, THOUSAND)
    node.client.refund(THOUSAND, "k", 1, uncounted)
    assert told(node) == []
    node.client.refund(THOUSAND, "k", 1, counted)
    assert told(node) == [1]


def test_what_a_report_told_is_counted_already() -> None:
    node = Node().connect()
    spend(node, THOUSAND, 3)
    node.now += 1
    counted = spend(node, THOUSAND)
    node.now += 1
    node.connect()
    node.now += 1
    spend(node, THOUSAND)
    node.client.refund(THOUSAND, "k", 1, counted)
    assert told(node) == [1]


def test_an_answer_slower_than_a_window_changes_nothing_and_hides_no_other() -> None:
    short = Limit("route/short", quota=1000, window=10, kind="window")
    node = Node().connect()
    slow = spend(node, short)
    node.wait(9.75)
    quick = spend(node, short, 5)
    node.wait(0.25)
    node.client.refund(short, "k", 1, slow)
    node.client.refund(short, "k", 1, quick)
    assert told(node) == [1]
    assert level(node, short) == 1000 - 1 - 4  # the slow one counts since the authority has heard of it


def test_a_message_that_was_under_way_for_longer_than_a_window_changes_nothing() -> None:
    node = Node().connect()
    spent_at = spend(node, EIGHTY, 3)
    node.client.refund(EIGHTY, "k", 3, spent_at)
    node.now += 11
    asyncio.run(node.admitted(EIGHTY, 4))  # carries it
    assert level(node, EIGHTY) == 76


def test_alone_a_window_gives_back_only_what_would_have_found_room() -> None:
    node = Node().connect()
    spend(node, EIGHTY)
    node.client.authority_lost()
    node.now += 20
    assert asyncio.run(node.admitted(EIGHTY, 20)) == 10
    node.client.refund(EIGHTY, "k", 1, node.now)
    assert asyncio.run(node.admitted(EIGHTY, 20)) == 1
    before, node.now = node.now, node.now + 5
    assert asyncio.run(node.admitted(EIGHTY, 20)) == 10
    for _ in range(10):
        node.client.refund(EIGHTY, "k", 1, before)  # as many have accrued since
    assert asyncio.run(node.admitted(EIGHTY, 20)) == 1  # that is still on lease


def test_what_a_worker_admitted_alone_and_forgot_is_counted_when_it_comes_back() -> None:
    node = Node(max_keys=1).connect()
    spend(node, EIGHTY)
    node.authority.worker_lost("w")
    node.client.authority_lost()
    node.now += 20
    alone = asyncio.run(node.admitted(EIGHTY, 20))
    asyncio.run(node.admitted(EIGHTY, 1, key="other"))
    node.connect()
    assert alone == 10
    assert level(node, EIGHTY) <= 70
    node.wait(11)
    assert level(node, EIGHTY) == 80


def test_a_worker_that_was_never_heard_may_have_used_all_that_was_kept_for_it() -> None:
    now = 1000.0
    authority = LeaseAuthority(lambda: now, workers=2)
    authority.expect(["silent", "w"], 1005.0)
    authority.hello("w", Node().client.authority_found())
    now = 1006.0
    authority.tick()
    authority.define(EIGHTY)
    now = 1100.0
    authority.worker_gone("silent")
    standing = authority.peek(EIGHTY, "k")
    assert standing is not None
    assert standing.level == 80 - 20 - 15  # held from before, and accrued in a window


def test_a_worker_that_was_away_for_a_moment_takes_nothing_with_it() -> None:
    node = Node().connect()
    spend(node, EIGHTY)
    node.authority.worker_lost("w")
    node.authority.worker_gone("w")
    assert level(node, EIGHTY) == 79


@pytest.mark.parametrize("spent_at", [-1.0, math.nan, math.inf, "soon"])
def test_a_time_that_makes_no_sense_is_refused(spent_at: Any) -> None:
    message = LeaseRequest(EIGHTY, "k", refunded=1).message(1)
    with pytest.raises(ValueError, match=r"time|convert"):
        LeaseRequest.from_message({**message, "spent_at": spent_at})
