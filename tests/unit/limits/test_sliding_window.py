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


def test_a_refund_takes_away_what_is_counted_since_then_and_nothing_that_came_later() -> None:
    bucket = window()
    for second in range(1000, 1005):
        bucket.refill(second)
        use(bucket, 10)
    bucket.refunded(15, 2.5)  # spent since 1001.5: ten of 1002, five of 1003
    assert bucket.level == 65
    for now, level in ((1060.61, 75), (1061.61, 85), (1062.61, 85), (1063.61, 90), (1064.61, 100)):
        bucket.refill(now)
        assert bucket.level == level


def test_a_refund_of_what_has_left_the_window_takes_nothing_from_what_is_in_it() -> None:
    bucket = window()
    use(bucket, 50)
    bucket.refill(1061)
    use(bucket, 30)
    for age in (61.0, 60.7, 1e6, 1e300):
        bucket.refunded(50, age)
    assert bucket.level == 70
    bucket.refunded(50, 60.0)
    assert bucket.is_full()


@pytest.mark.parametrize("seed", range(20))
def test_with_refunds_however_late_no_window_has_more_than_was_used(seed: int) -> None:
    """Each use is told at once or late, comes back or does not, and no window ever has more of those that were used."""
    chance = random.Random(seed)
    limit = Limit("r", quota=12, window=60, kind="window")
    bucket, now, uses, untold = window(limit), 1000.0, list[float](), list[float]()
    for _ in range(2000):
        now += chance.choice([0.0, 0.3, 2.0, chance.random() * 30])
        bucket.refill(now, out=len(untold))
        if bucket.take(1):
            untold.append(now)
            uses.append(now)
            assert sum(time > now - 60 for time in uses) <= 12
        while untold and chance.random() < 0.4:
            bucket.spent(1)
            untold.pop(chance.randrange(len(untold)))
        told = [time for time in uses if time not in untold]
        if told and chance.random() < 0.5:
            back = chance.choice(told[-20:])
            uses.remove(back)
            bucket.refunded(1, now - back + chance.choice([0.0, 0.0, 1.0, 50.0]))


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
