"""Samples: middle, extremes, and the way to disk and back."""

from pathlib import Path

from bench.results import Results, Spread, load


def _results() -> Results:
    results = Results(about={"machine": {"cores": "2"}}, enforced={"Envoy": ["no token → 401"]})
    for rate in (30.0, 10.0, 20.0):
        results.add("plain", "nginx", "rate", rate)
    return results


def test_spread_is_median_lowest_highest() -> None:
    assert _results().spread("plain", "nginx", "rate") == Spread(20.0, 10.0, 30.0)


def test_what_was_not_measured_has_no_spread() -> None:
    assert _results().spread("plain", "Envoy", "rate") is None
    assert _results().middle("secured", "nginx", "rate") is None


def test_survives_the_file(tmp_path: Path) -> None:
    results = _results()
    results.save(tmp_path / "docs" / "benchmarks.json")
    assert load(tmp_path / "docs" / "benchmarks.json") == results
