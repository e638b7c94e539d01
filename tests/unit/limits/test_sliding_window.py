"""The sliding window's arithmetic, against the definition of it."""

import asyncio
import random

import pytest

from hotgate.limits.limit import Limit
from hotgate.limits.sliding_window import PARTS, SlidingWindow
from unit.limits.node import Node

HUNDRED_A_MINUTE = Limit("r", quota=100, window=60, kind="window")


def window(limit: Limit = HUNDRED_A_MINUTE, now: float = 1000.0) -> SlidingWindow:
    return SlidingWindow(limit, now)


def use(bucket: SlidingWindow, tokens: int = 1) -> bool:
    if not bucket.take(tokens):
        return False
    bucket.spent(tokens)
    return True


@pytest.mark.parametrize("seed", range(20))
def test_no_window_anywhere_has_more_than_the_quota(seed: int) -> None:
    chance = random.Random(seed)
    bucket, now, admitted = window(), 1000.0, list[float]()
    for _ in range(2000):
        now += chance.choice([0.0, 0.01, 0.3, 2.0, chance.random() * 70])
        bucket.refill(now)
        if use(bucket):
            admitted.append(now)
            assert sum(time > now - 60 for time in admitted[-101:]) <= 100


def test_a_steady_load_at_the_limit_is_admitted_but_for_a_part() -> None:
    bucket, admitted = window(), 0
    for number in range(20_000):
        bucket.refill(1000.0 + number * 0.6)
        admitted += use(bucket)
    assert admitted >= 20_000 * (1 - 1 / PARTS) - 1


def test_over_leases_a_steady_load_at_the_limit_loses_no_more_than_two_percent() -> None:
    limit = Limit("r", quota=1000, window=60, kind="window")

    async def scenario() -> int:
        node, admitted = Node().connect(), 0
        tick = start = node.now
        for number in range(4000):
            node.now = start + number * 0.06
            while tick <= node.now:
                node.client.tick(tick)
                node.carry()
                tick += 0.25
            decision = await node.spend(limit)
            admitted += number >= 1000 and decision is not None and decision.allowed
        return admitted

    assert asyncio.run(scenario()) >= 3000 * 0.98


def test_all_of_it_may_be_used_at_once_and_comes_back_at_once() -> None:
    bucket = window()
    assert use(bucket, 100)
    assert not use(bucket)
    bucket.refill(1059.9)
    assert bucket.level == 0
    assert bucket.seconds_until(1) <= 60 * (1 + 1 / PARTS) - 59.9
    bucket.refill(1000 + 60 * (1 + 1 / PARTS))
    assert bucket.level == 100
    assert bucket.is_full()


def test_what_is_out_counts_until_it_is_settled_and_a_window_longer() -> None:
    bucket = window()
    bucket.take(30)
    bucket.refill(5000, out=30)
    assert bucket.level == 70
    bucket.returned(10)
    bucket.spent(20)
    bucket.refill(5059)
    assert bucket.level == 80
    bucket.refill(5061)
    assert bucket.level == 100


def test_what_is_kept_free_is_there_again_afterwards() -> None:
    bucket = window()
    use(bucket, 40)
    bucket.refill(1001, reserved=50)
    assert bucket.level == 10
    bucket.refill(1002, reserved=80)
    assert (bucket.level, bucket.take(1)) == (-20, False)
    bucket.refill(1003)
    assert bucket.level == 60


def test_a_charge_is_a_debt_and_a_refund_takes_no_more_than_was_used() -> None:
    bucket = window()
    bucket.charged(150)
    assert bucket.level == -50
    bucket.refunded(60, 0.0)
    assert bucket.level == 10
    bucket.refunded(1000, 0.0)
    assert bucket.level == 100


def test_a_clock_that_goes_back_forgets_nothing_and_admits_nothing() -> None:
    bucket = window()
    use(bucket, 100)
    for now in (0.0, -1e9, 1000.0, 1059.0):
        bucket.refill(now)
        assert not use(bucket)


def test_memory_is_bounded_by_the_parts() -> None:
    bucket = window(Limit("r", quota=10**9, window=60, kind="window"))
    for number in range(5000):
        bucket.refill(1000 + number * 0.1)
        use(bucket)
    assert len(bucket._parts) == PARTS + 1


def test_another_quota_keeps_what_was_used() -> None:
    bucket = window()
    use(bucket, 80)
    bucket.follow(Limit("r", quota=50, window=60, kind="window"), 1001)
    assert bucket.level == -30
    bucket.follow(HUNDRED_A_MINUTE, 1001)
    assert bucket.level == 20


@pytest.mark.parametrize("kind", ["window", "bucket"])
def test_another_window_or_kind_begins_as_full(kind: str) -> None:
    bucket = window()
    use(bucket, 80)
    assert bucket.follow(Limit("r", quota=1000, window=3600, kind=kind), 1001).level == 200


def test_what_is_out_during_a_change_comes_back_once() -> None:
    bucket = window()
    bucket.take(30)
    changed = bucket.follow(Limit("r", quota=100, window=3600, kind="window"), 1001)
    changed.refill(1002, out=30)
    changed.returned(30)
    changed.refill(1_000_000)
    assert changed.level == 100
