"""Verdicts."""

import pytest
from bench.criteria import CRITERIA, Criterion, ratio, value, worst
from bench.results import Results


def _results() -> Results:
    results = Results()
    results.add("secured", "Hotgate", "rate", 15_000.0)
    results.add("plain", "Envoy", "rate", 10_000.0)
    results.add("memory", "Hotgate", "worker", 50.0 * 2**20)
    return results


_RATIO = ratio(("secured", "Hotgate", "rate"), ("plain", "Envoy", "rate"))


def test_ratio_is_of_medians() -> None:
    assert _RATIO(_results()) == pytest.approx(1.5)


def test_ratio_of_something_unmeasured_or_zero_is_none() -> None:
    results = Results()
    assert _RATIO(results) is None
    results.add("secured", "Hotgate", "rate", 1.0)
    results.add("plain", "Envoy", "rate", 0.0)
    assert _RATIO(results) is None


def test_value_is_scaled() -> None:
    assert value("memory", "Hotgate", "worker", 2.0**20)(_results()) == pytest.approx(50.0)


def test_worst_is_the_highest_sample() -> None:
    results = Results()
    for growth in (1.0, 9.0, 2.0):
        results.add("upload", "Hotgate", "growth", growth)
    assert worst("upload", "Hotgate", "growth")(results) == pytest.approx(9.0)
    assert worst("upload", "Hotgate", "growth")(Results()) is None


@pytest.mark.parametrize(
    ("required", "at_most", "measured", "verdict"),
    [
        (1.0, False, 1.0, "pass"),
        (1.0, False, 0.99, "fall short"),
        (60.0, True, 60.0, "pass"),
        (60.0, True, 61.0, "fall short"),
        (1.0, False, None, "not measured"),
        (None, False, 5.0, "-"),
    ],
)
def test_verdict(required: float | None, at_most: bool, measured: float | None, verdict: str) -> None:
    assert Criterion("x", _RATIO, required, at_most).verdict(measured) == verdict


def test_every_criterion_copes_with_an_empty_run() -> None:
    assert {criterion.verdict(criterion.measure(Results())) for criterion in CRITERIA} == {"not measured"}
