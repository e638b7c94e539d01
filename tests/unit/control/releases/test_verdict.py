"""When a side does too badly."""

import pytest

from hotgate.control.releases.side_window import SideCounts
from hotgate.control.releases.verdict import verdict
from hotgate.observe.histogram import Histogram
from hotgate.policies.releases.release_settings import ReturnOn

RULES = ReturnOn.model_validate({"errors": "5%", "slower": "50%", "min_requests": 50})


def side(requests: int, errors: int = 0, seconds: float = 0.01) -> SideCounts:
    histogram = Histogram()
    for _ in range(requests):
        histogram.observe(seconds)
    return SideCounts(errors, histogram.counts)


@pytest.mark.parametrize(
    ("canary", "stable", "ends"),
    [
        (side(100, 6), side(1000), True),
        (side(100, 5), side(1000), False),  # as many as are allowed
        (side(49, 49), side(1000), False),  # too few to say anything
        (side(100, 50), side(1000, 500), False),  # it is not the new version that fails
        (side(100, 56), side(1000, 500), True),
        (side(100, 6), side(0), True),  # it has everything: nothing to compare with
        (side(100, 6), side(10, 10), True),  # ten requests say nothing
        (side(100, seconds=0.2), side(1000, seconds=0.02), True),
        (side(100, seconds=0.02), side(1000, seconds=0.02), False),
        (side(100, seconds=0.01), side(1000, seconds=0.2), False),  # faster is fine
        (side(100, seconds=5.0), side(10), False),
    ],
)
def test_sides_are_compared(canary: SideCounts, stable: SideCounts, ends: bool) -> None:
    assert bool(verdict(RULES, canary, stable)) is ends


def test_slow_is_nothing_unless_it_is_said() -> None:
    rules = ReturnOn.model_validate({"errors": "5%"})
    assert verdict(rules, side(100, seconds=5.0), side(100)) == ""


def test_the_reason_has_figures() -> None:
    assert verdict(RULES, side(100, 20), side(100, 1)) == "20.0% of 100 answers were failures, where 1.0% are usual"
