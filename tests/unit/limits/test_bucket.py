"""The token bucket's arithmetic."""

import pytest

from hotgate.limits.bucket import TokenBucket


def test_starts_full_and_refills_continuously() -> None:
    bucket = TokenBucket(10, 2.0, now=100.0)
    assert bucket.take(10)
    assert not bucket.take(1)
    bucket.refill(100.25)
    assert bucket.level == pytest.approx(0.5)
    assert bucket.seconds_until(1) == pytest.approx(0.25)


def test_never_holds_more_than_its_capacity() -> None:
    bucket = TokenBucket(10, 2.0, now=0.0)
    bucket.refill(1e9)
    assert bucket.level == 10


def test_leaves_room_for_tokens_that_are_out() -> None:
    bucket = TokenBucket(10, 2.0, now=0.0)
    bucket.take(4)
    bucket.refill(1e9, reserved=4)
    assert bucket.level == 6
    bucket.refill(1e9, reserved=12)
    assert bucket.level == 0


def test_a_clock_that_goes_back_adds_nothing() -> None:
    bucket = TokenBucket(10, 2.0, now=100.0)
    bucket.take(10)
    bucket.refill(50.0)
    bucket.refill(100.0)
    assert bucket.level == 0
    bucket.refill(101.0)
    assert bucket.level == 2


def test_a_new_size_keeps_how_full_it_was() -> None:
    bucket = TokenBucket(100, 1.0, now=0.0)
    bucket.take(75)
    bucket.resize(0.0, 10, 5.0)
    assert (bucket.level, bucket.capacity, bucket.rate) == (2.5, 10, 5.0)


def test_time_before_a_change_counts_at_the_slower_rate() -> None:
    bucket = TokenBucket(100, 10.0, now=0.0)
    bucket.take(100)
    bucket.resize(10.0, 100, 1.0)
    assert bucket.level == 10
