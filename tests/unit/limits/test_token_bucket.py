"""The token bucket's arithmetic."""

import pytest

from hotgate.limits.limit import Limit
from hotgate.limits.token_bucket import TokenBucket

TWO_A_SECOND = Limit("r", quota=2, window=1, burst=10)


def test_starts_full_and_refills_continuously() -> None:
    bucket = TokenBucket(TWO_A_SECOND, now=100.0)
    assert bucket.take(10)
    assert not bucket.take(1)
    bucket.refill(100.25)
    assert bucket.level == pytest.approx(0.5)
    assert bucket.seconds_until(1) == pytest.approx(0.25)


def test_never_holds_more_than_its_capacity() -> None:
    bucket = TokenBucket(TWO_A_SECOND, now=0.0)
    bucket.refill(1e9)
    assert bucket.level == 10


def test_leaves_room_for_tokens_that_are_out() -> None:
    bucket = TokenBucket(TWO_A_SECOND, now=0.0)
    bucket.take(4)
    bucket.refill(1e9, out=4)
    assert bucket.level == 6
    bucket.refill(1e9, out=4, reserved=8)
    assert bucket.level == 0


def test_a_debt_is_paid_by_waiting_and_not_forgiven_by_a_lack_of_room() -> None:
    bucket = TokenBucket(TWO_A_SECOND, now=0.0)
    bucket.charged(16)
    bucket.refill(1.0, reserved=100)
    assert bucket.level == -4
    assert bucket.seconds_until(1) == 2.5


def test_a_clock_that_goes_back_adds_nothing() -> None:
    bucket = TokenBucket(TWO_A_SECOND, now=100.0)
    bucket.take(10)
    bucket.refill(50.0)
    bucket.refill(100.0)
    assert bucket.level == 0
    bucket.refill(101.0)
    assert bucket.level == 2


def test_a_new_size_keeps_how_full_it_was() -> None:
    bucket = TokenBucket(Limit("r", quota=100, window=100), now=0.0)
    bucket.take(75)
    small = Limit("r", quota=5, window=1, burst=10)
    changed = bucket.follow(small, 0.0)
    assert (changed.level, changed.limit) == (2.5, small)


def test_a_new_size_forgives_no_debt() -> None:
    bucket = TokenBucket(Limit("r", quota=100, window=100), now=0.0)
    bucket.charged(150)
    assert bucket.follow(TWO_A_SECOND, 0.0).level == -50


def test_time_before_a_change_counts_at_the_rate_of_then() -> None:
    bucket = TokenBucket(Limit("r", quota=1, window=1, burst=100), now=0.0)
    bucket.take(100)
    assert bucket.follow(Limit("r", quota=10, window=1, burst=200), 10.0).level == 20


def test_another_kind_is_as_full() -> None:
    bucket = TokenBucket(TWO_A_SECOND, now=0.0)
    bucket.take(7)
    window = bucket.follow(Limit("r", quota=100, window=60, kind="window"), 0.0)
    assert window.level == 30
    window.refill(60)
    assert window.level == 30
    window.refill(61)
    assert window.level == 100
