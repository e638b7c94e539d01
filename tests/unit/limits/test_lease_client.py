"""The worker's side, against a real authority whose connection the test controls."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from hotgate.limits.authority import LeaseAuthority
from hotgate.limits.decision import LimitDecision
from hotgate.limits.lease_client import DEADLINE, LONGEST_IDLE, MAX_WAITERS
from hotgate.limits.limit import Limit
from unit.limits.node import Node

SMALL = Limit("route/small", quota=10, window=10)
LARGE = Limit("route/large", quota=10_000, window=10)


def test_a_limit_is_exact_and_a_denial_says_how_long_to_wait() -> None:
    node = Node().connect()
    assert asyncio.run(node.admitted(SMALL, 25)) == 10
    decision = asyncio.run(node.spend(SMALL))
    assert decision is not None
    assert (decision.allowed, decision.remaining, decision.retry_after, decision.quota) == (False, 0, 1, 10)


def test_what_remains_is_told() -> None:
    node = Node().connect()
    decisions = [asyncio.run(node.spend(SMALL)) for _ in range(3)]
    assert [(decision.remaining, decision.reset) for decision in decisions if decision] == [(9, 1), (8, 2), (7, 3)]


def test_what_is_held_is_taken_at_once_and_nothing_beyond_it() -> None:
    node = Node().connect()
    assert node.client.take(LARGE, "k", 1) is None, "somebody must ask for it first"
    asyncio.run(node.spend(LARGE))
    assert node.client.take(LARGE, "k", 2) == LARGE.capacity - 3
    assert [node.client.take(LARGE, "k", cost) for cost in (LARGE.capacity, 0, -1)] == [None] * 3
    assert node.client.take(LARGE, "k", 1) == LARGE.capacity - 4
    assert node.sent == []


def test_a_hot_client_costs_few_round_trips_and_never_waits() -> None:
    node = Node().connect()
    assert asyncio.run(node.admitted(LARGE, 2000)) == 2000
    assert node.round_trips < 60


def test_a_flood_of_denied_requests_costs_one_round_trip_a_second() -> None:
    node = Node().connect()
    asyncio.run(node.admitted(SMALL, 11))
    before = node.round_trips
    asyncio.run(node.admitted(SMALL, 1000))
    assert node.round_trips == before


def test_one_request_is_in_flight_and_all_who_wait_are_served_in_order() -> None:
    async def scenario() -> list[bool]:
        node = Node().connect()
        outcomes = [node.client.spend(SMALL, "k") for _ in range(14)]
        assert len(node.sent) == 1
        node.carry()
        decisions = [await outcome for outcome in outcomes if isinstance(outcome, Awaitable)]
        return [decision is not None and decision.allowed for decision in decisions]

    assert asyncio.run(scenario()) == [True] * 10 + [False] * 4


def test_the_number_of_those_who_wait_is_bounded() -> None:
    async def scenario() -> None:
        node = Node().connect()
        for _ in range(MAX_WAITERS):
            assert isinstance(node.client.spend(SMALL, "k"), Awaitable)
        assert node.client.spend(SMALL, "k") is None
        node.now += DEADLINE
        node.client.tick(node.now)

    asyncio.run(scenario())


def test_no_answer_within_the_deadline_is_no_decision() -> None:
    async def scenario() -> LimitDecision | None:
        node = Node().connect()
        outcome = node.client.spend(SMALL, "k")
        node.now += DEADLINE
        node.client.tick(node.now)
        assert isinstance(outcome, Awaitable)
        return await outcome

    assert asyncio.run(scenario()) is None


def test_a_late_grant_is_not_spent() -> None:
    async def scenario() -> None:
        node = Node().connect()
        node.client.spend(SMALL, "k")
        late = node.authority.on_message("w", node.sent.pop())
        node.now += DEADLINE
        node.client.tick(node.now)
        assert late is not None
        node.client.on_message(late)
        assert isinstance(node.client.spend(SMALL, "k"), Awaitable)

    asyncio.run(scenario())


def test_a_cancelled_request_leaves_its_token_to_others() -> None:
    async def scenario() -> None:
        node = Node().connect()
        outcome = node.client.spend(SMALL, "k")
        assert isinstance(outcome, asyncio.Future)
        outcome.cancel()
        node.carry()
        assert isinstance(node.client.spend(SMALL, "k"), LimitDecision)

    asyncio.run(scenario())


def test_idle_leases_go_back() -> None:
    node = Node().connect()
    asyncio.run(node.admitted(LARGE, 10))
    for _ in range(3):
        node.now += LONGEST_IDLE
        node.client.tick(node.now)
        node.carry()
    assert all(leased.on_lease == 0 for leased in node.authority.buckets())
    assert next(node.authority.buckets()).bucket.level >= 9_990


def test_keys_are_bounded_and_full_ones_forgotten() -> None:
    node = Node(max_keys=50).connect()

    async def scenario() -> None:
        for number in range(300):
            await node.admitted(SMALL, 1, key=f"key-{number}")

    asyncio.run(scenario())
    assert node.client.known_keys <= 50
    for _ in range(20):
        node.now += 10
        node.client.tick(node.now)
        node.carry()
    assert node.client.known_keys == 0


def test_a_key_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        Node().connect().client.spend(SMALL, "x" * 129)


def test_nothing_can_be_decided_before_the_first_connection() -> None:
    assert asyncio.run(Node().spend(SMALL)) is None


def test_without_the_authority_a_worker_starts_from_nothing_and_serves_its_share() -> None:
    node = Node().connect()
    asyncio.run(node.admitted(SMALL, 1))
    node.client.authority_lost()
    assert asyncio.run(node.admitted(SMALL, 5)) == 0
    node.now += 2.5
    assert asyncio.run(node.admitted(SMALL, 5)) == 2
    node.now += 3600
    assert asyncio.run(node.admitted(SMALL, 50)) == 5  # half of the bucket at most


def test_a_limit_too_small_to_share_is_not_served_alone() -> None:
    node = Node().connect()
    tiny = Limit("route/tiny", quota=1, window=1)
    asyncio.run(node.admitted(tiny, 1))
    node.client.authority_lost()
    node.now += 3600
    assert asyncio.run(node.spend(tiny)) is None


def test_those_who_wait_are_answered_when_the_authority_goes() -> None:
    async def scenario() -> LimitDecision | None:
        node = Node().connect()
        outcome = node.client.spend(SMALL, "k")
        node.client.authority_lost()
        assert isinstance(outcome, Awaitable)
        return await outcome

    decision = asyncio.run(scenario())
    assert decision is not None
    assert not decision.allowed


def test_a_new_authority_learns_what_was_left_and_what_was_admitted_meanwhile() -> None:
    node = Node().connect()
    asyncio.run(node.admitted(SMALL, 4))
    node.client.authority_lost()
    node.now += 2.5
    assert asyncio.run(node.admitted(SMALL, 5)) == 2
    node.authority = LeaseAuthority(lambda: node.now, workers=1)
    node.authority.expect(["w"], node.now + 5)
    node.connect()
    assert asyncio.run(node.admitted(SMALL, 20)) == 10 - 4 - 2


def test_a_welcome_of_an_authority_that_is_no_more_is_ignored() -> None:
    node = Node()
    late = node.authority.hello("w", node.client.authority_found())
    node.client.authority_found()
    node.client.on_message(late)
    assert node.client.authority_found()["share"] == 0


@pytest.mark.parametrize("message", [{"type": "?"}, {}, {"type": "grant"}, {"type": "loss", "loss": "x"}])
def test_a_malformed_message_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Node().connect().client.on_message(message)
