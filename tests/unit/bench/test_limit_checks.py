"""The checks find what is above a limit, and nothing else."""

import random

import pytest
from bench.endurance.limit_checks import BucketCheck, WindowCheck

_Arrivals = list[tuple[float, float]]


def _window(arrivals: _Arrivals, quota: int = 3) -> WindowCheck:
    check = WindowCheck(quota, 10.0)
    for sent, arrived in arrivals:
        check.admitted(sent, arrived)
    return check


def _bucket(arrivals: _Arrivals) -> BucketCheck:
    check = BucketCheck(3, 1.0)
    for sent, arrived in arrivals:
        check.admitted(sent, arrived)
    return check


def test_a_window_may_be_full_wherever_it_begins() -> None:
    check = _window([(at, at) for at in (0.0, 9.0, 9.5, 10.1, 19.1, 19.6)])
    assert (check.fullest, check.above) == (1.0, 0)


def test_one_too_many_in_a_window_that_begins_anywhere_is_found() -> None:
    check = _window([(at, at) for at in (0.0, 9.0, 9.5, 10.1, 18.9, 30.0)])
    assert (check.fullest, check.above) == (4 / 3, 1)


def test_what_the_way_can_explain_is_not_too_much() -> None:
    """The first was admitted before 0.2, and the last no earlier than that: it may have left the window."""
    assert _window([(0.0, 0.2), (5.0, 5.1), (5.0, 5.1), (10.0, 10.1)]).above == 0
    assert _window([(0.2, 0.2), (5.0, 5.1), (5.0, 5.1), (10.0, 10.1)]).above == 1


def test_requests_that_overtake_each_other_are_judged_by_their_own_times() -> None:
    assert _window([(5.0, 5.1), (0.0, 5.2), (6.0, 6.1), (12.0, 12.1)]).above == 0
    assert _window([(5.0, 5.1), (4.0, 5.2), (6.0, 6.1), (12.0, 12.1)]).above == 1


def test_a_window_is_judged_as_by_counting_all_of_them() -> None:
    order = random.Random(7)
    arrivals = sorted((at := order.uniform(0, 200), at) for _ in range(400))
    most = max(sum(begin <= at <= begin + 10.0 for at, _ in arrivals) for begin, _ in arrivals)
    assert _window(arrivals, quota=most).fullest == 1.0


def test_a_bucket_may_be_emptied_and_filled_again() -> None:
    check = _bucket([(at, at) for at in (0.0, 0.0, 0.0, 1.0, 2.0, 5.0, 5.0, 5.0, 6.0)])
    assert (check.fullest, check.above) == (1.0, 0)


def test_one_more_than_capacity_and_rate_give_is_found_in_any_interval() -> None:
    assert _bucket([(at, at) for at in (0.0, 0.0, 0.0, 0.0)]).above == 1
    assert _bucket([(at, at) for at in (0.0, 0.0, 0.0, 1.0, 1.9)]).above == 1
    assert _bucket([(at, at) for at in (0.0, 50.0, 50.5, 51.0, 51.5, 52.0, 52.4)]).above == 1


def test_a_bucket_that_is_refilled_by_mistake_is_found_after_hours() -> None:
    check = _bucket([(0.0, 0.0), (0.0, 0.0), *((float(at), float(at)) for at in range(10_000))])
    assert check.above == 0
    for _ in range(3):
        check.admitted(10_000.0, 10_000.0)
    assert check.above == 2


@pytest.mark.parametrize(("sent", "above"), [(0.0, 0), (0.9, 1)])
def test_the_first_of_an_interval_may_have_been_admitted_when_it_was_sent(sent: float, above: int) -> None:
    assert _bucket([(sent, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]).above == above


def test_a_bucket_is_judged_as_by_looking_at_all_intervals() -> None:
    order = random.Random(7)
    arrivals = sorted(order.uniform(0, 100) for _ in range(150))
    most = max(
        later - first + 1 - (arrivals[later] - arrivals[first])
        for first in range(len(arrivals))
        for later in range(first, len(arrivals))
    )
    assert _bucket([(at, at) for at in arrivals]).fullest == pytest.approx(most / 3)
