"""Requests that cost more than one token, what is given back of them, and what is charged afterwards."""

import asyncio
from collections.abc import Awaitable

import pytest

from hotgate.limits.decision import LimitDecision
from hotgate.limits.lease_client import DEADLINE, URGENT
from hotgate.limits.limit import MAX_QUOTA, Limit
from unit.limits.node import Node

TEN = Limit("route/ten", quota=10, window=10)
LARGE = Limit("route/large", quota=10_000, window=10)


def spend(node: Node, limit: Limit, cost: int = 1) -> LimitDecision:
    decision = asyncio.run(node.spend(limit, cost=cost))
    assert decision is not None
    return decision


def test_a_request_takes_its_whole_cost_or_nothing() -> None:
    node = Node().connect()
    assert spend(node, TEN, 7).remaining == 3
    denied = spend(node, TEN, 4)
    assert (denied.allowed, denied.retry_after) == (False, 1)
    assert spend(node, TEN, 3).allowed


def test_one_request_may_take_all_there_is_at_once() -> None:
    node = Node().connect()
    assert spend(node, TEN, 10).allowed
    assert spend(node, TEN, 10).retry_after == 10
    node.wait(10)
    assert spend(node, TEN, 10).allowed


def test_a_denied_cost_does_not_stand_in_the_way_of_a_smaller_one() -> None:
    node = Node().connect()
    spend(node, TEN, 8)
    assert not spend(node, TEN, 5).allowed
    assert spend(node, TEN, 1).allowed


def test_a_cost_that_the_limit_never_holds_is_denied_for_ever_and_asks_nobody() -> None:
    node = Node().connect()
    decision = spend(node, TEN, 11)
    assert (decision.allowed, decision.is_hopeless, node.round_trips) == (False, True, 0)
    assert not spend(node, TEN, 10).is_hopeless


@pytest.mark.parametrize("cost", [0, -1, -(10**9), MAX_QUOTA + 1, 10**30])
def test_an_amount_that_makes_no_sense_is_refused(cost: int) -> None:
    node = Node().connect()
    spend(node, LARGE)
    for act in (node.client.spend, node.client.charge):
        with pytest.raises(ValueError, match="from 1 to"):
            act(LARGE, "k", cost)
    with pytest.raises(ValueError, match="from 1 to"):
        node.client.refund(LARGE, "k", cost, node.now)
    assert spend(node, LARGE).remaining == 9_998


def test_those_who_wait_are_served_in_order_whatever_they_cost() -> None:
    async def scenario() -> list[bool]:
        node = Node().connect()
        outcomes = [node.client.spend(TEN, "k", cost) for cost in (6, 5, 1, 4, 3)]
        assert len(node.sent) == 1
        node.carry()
        decisions = [await outcome for outcome in outcomes if isinstance(outcome, Awaitable)]
        return [decision is not None and decision.allowed for decision in decisions]

    assert asyncio.run(scenario()) == [True, False, True, False, True]


def test_a_large_cost_is_settled_at_once_and_leaves_the_rest_to_others() -> None:
    node = Node().connect()
    spend(node, TEN, 9)
    assert next(node.authority.buckets()).on_lease == 0


def test_an_urgent_grant_that_comes_late_is_given_back_and_asked_for_again() -> None:
    async def scenario() -> LimitDecision | None:
        node = Node().connect()
        outcome = node.client.spend(TEN, "k", 9)
        late = node.authority.on_message("w", node.sent.pop())
        node.now += URGENT
        assert late is not None
        assert late["urgent"]
        node.client.on_message(late)
        assert isinstance(outcome, asyncio.Future)
        assert not outcome.done()
        node.carry()
        decision: LimitDecision | None = await outcome
        return decision

    decision = asyncio.run(scenario())
    assert decision is not None
    assert decision.allowed


def test_what_was_not_used_is_there_again() -> None:
    node = Node().connect()
    spend(node, LARGE, 1000)
    node.client.refund(LARGE, "k", 900, node.now)
    assert spend(node, LARGE).remaining == 9_899


def test_a_refund_long_after_the_request_reaches_the_bucket() -> None:
    slow = Limit("route/slow", quota=1000, window=86400)
    node = Node().connect()
    spend(node, slow, 800)
    node.wait(3)
    node.client.refund(slow, "k", 700, node.now)
    node.wait(3)
    assert spend(node, slow, 850).allowed


def test_a_refund_counts_once_however_often_it_is_made() -> None:
    node = Node().connect()
    spend(node, TEN, 4)
    for _ in range(10):
        node.client.refund(TEN, "k", 4, node.now)
        node.wait(0.25)
    asyncio.run(node.admitted(TEN, 3))
    for _ in range(10):
        node.client.refund(TEN, "k", 10, node.now)
        node.client.refund(TEN, "stranger", 10, node.now)
    assert asyncio.run(node.admitted(TEN, 30)) == 10


def test_a_refund_never_fills_a_bucket_beyond_its_size() -> None:
    node = Node().connect()
    spend(node, TEN, 8)
    node.wait(60)
    node.client.refund(TEN, "k", 8, node.now)
    node.wait(3)
    assert asyncio.run(node.admitted(TEN, 30)) == 10


def test_a_charge_makes_later_requests_wait() -> None:
    node = Node().connect()
    spend(node, TEN)
    node.client.charge(TEN, "k", 29)
    node.carry()
    decision = spend(node, TEN)
    assert (decision.allowed, decision.retry_after, decision.remaining) == (False, 21, 0)
    node.wait(20)
    assert not spend(node, TEN).allowed
    node.wait(1)
    assert spend(node, TEN).allowed


def test_a_charge_is_paid_from_what_is_held_first() -> None:
    node = Node().connect()
    asyncio.run(node.admitted(LARGE, 20))
    trips = node.round_trips
    node.client.charge(LARGE, "k", 2)
    node.carry()
    assert node.round_trips == trips
    assert spend(node, LARGE).remaining == 10_000 - 20 - 2 - 1


def test_a_charge_of_an_unknown_key_counts_and_one_of_a_huge_sum_is_a_huge_debt() -> None:
    node = Node().connect()
    node.client.charge(TEN, "k", MAX_QUOTA)
    node.carry()
    assert spend(node, TEN).retry_after == MAX_QUOTA - 10 + 1


def test_a_charge_whose_message_is_lost_is_told_again() -> None:
    node = Node().connect()
    node.client.charge(TEN, "k", 50)
    node.sent.clear()
    node.wait(DEADLINE + 0.25)
    assert spend(node, TEN).retry_after > 30


def test_a_charge_without_a_place_in_the_book_is_told_nevertheless() -> None:
    async def scenario() -> None:
        node = Node(max_keys=1).connect()
        waiting = node.client.spend(TEN, "somebody else")
        node.client.charge(TEN, "k", 50)
        node.carry()
        assert isinstance(waiting, Awaitable)
        await waiting
        standing = node.authority.peek(TEN, "k")
        assert standing is not None
        assert standing.level == -40

    asyncio.run(scenario())


def test_a_charge_alone_is_waited_for_and_told_to_the_next_authority() -> None:
    node = Node().connect()
    spend(node, TEN)
    node.client.authority_lost()
    node.now += URGENT
    node.client.charge(TEN, "k", 25)
    node.now += 5
    assert not spend(node, TEN).allowed
    node.authority = type(node.authority)(lambda: node.now, workers=1)
    node.authority.expect(["w"], node.now + 5)
    node.connect()
    standing = node.authority.peek(TEN, "k")
    assert standing is not None
    assert standing.level == 10 - 1 - 20 - 5


def test_a_cost_alone_is_taken_from_the_share_or_cannot_be_decided() -> None:
    node = Node().connect()
    spend(node, TEN)
    node.client.authority_lost()
    node.now += 60
    assert spend(node, TEN, 4).remaining == 1
    node.client.refund(TEN, "k", 4, node.now)
    assert spend(node, TEN, 5).allowed
    assert asyncio.run(node.spend(TEN, cost=6)) is None


def test_nothing_is_said_of_a_key_in_the_name_of_a_lease_that_was_forgotten() -> None:
    """A denied lease, forgotten when its bucket was full again, once settled the tokens of the lease after it."""
    quick = Limit("route/quick", quota=4, window=0.6)
    node = Node().connect()
    asyncio.run(node.admitted(quick, 5))
    node.wait(1)
    asyncio.run(node.admitted(quick, 1))
    node.client.tick(node.now + 0.25)
    node.carry()
    assert next(node.authority.buckets()).on_lease == 1
