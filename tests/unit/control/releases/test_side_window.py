"""Counts of a sliding window, and percentiles of a histogram."""

import pytest

from hotgate.control.releases.side_window import SideCounts, SideWindow
from hotgate.observe.histogram import Histogram


def counts(*seconds: float, errors: int = 0) -> SideCounts:
    histogram = Histogram()
    for each in seconds:
        histogram.observe(each)
    return SideCounts(errors, histogram.counts)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    window = SideWindow(10.0)
    for second in range(100):
        window.add(counts(0.01, errors=1), float(second))
    assert window.total(99.0).requests == window.total(99.0).errors == 10
    assert window.total(104.0).requests == 5
    assert window.total(1000.0).requests == 0


def test_memory_is_bounded() -> None:
    window = SideWindow(5.0)
    for step in range(10_000):
        window.add(counts(0.01), step * 0.01)
    assert len(window._slots) <= 11


@pytest.mark.parametrize(("percent", "low", "high"), [(50, 0.005, 0.01), (95, 0.25, 0.5)])
def test_a_percentile_is_within_its_bucket(percent: int, low: float, high: float) -> None:
    found = counts(*[0.007] * 90, *[0.3] * 10).percentile(percent)
    assert low <= found <= high


def test_percentiles_of_nothing_and_of_what_is_off_the_scale() -> None:
    assert SideCounts().percentile(99) == 0.0
    assert counts(100.0).percentile(99) == 30.0


def test_counts_that_begin_anew_count_wholly() -> None:
    assert counts(0.1).since(counts(0.1, 0.1)).requests == 1
    assert counts(0.1, 0.1, 0.1, errors=2).since(counts(0.1, errors=1)) == counts(0.1, 0.1, errors=1)


@pytest.mark.parametrize("values", [{"errors": 1}, {"errors": "x", "buckets": [0] * 18}, {"errors": 0, "buckets": [1]}])
def test_nonsense_of_a_worker_is_refused(values: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        SideCounts.from_report(values)
