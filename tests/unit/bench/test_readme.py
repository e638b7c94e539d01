"""The table in README.md."""

import pytest
from bench.options import README
from bench.readme import END, START, MarksMissingError, figures, with_figures
from bench.results import Results


def measured(disturbed: float = 0.0, rounds: int = 3) -> Results:
    results = Results()
    for case, rates in {"plain": {"Hotgate": 20_000.0, "Envoy": 9_000.0}, "secured": {"Hotgate": 15_000.0}}.items():
        for server, rate in rates.items():
            for _ in range(rounds):
                results.add(case, server, "rate", rate)
                results.add(case, server, "disturbed", disturbed)
    return results


def test_the_fastest_comes_first() -> None:
    rows = figures(measured()).splitlines()[2:4]
    assert rows == ["| Hotgate | 20,000 | 15,000 |", "| Envoy | 9,000 | - |"]


def test_only_what_was_measured_is_said() -> None:
    results = measured()
    assert "Start to ready" not in figures(results)
    results.add("startup", "Hotgate /readyz", "ready", 0.81)
    assert "Start to ready: 0.81 s." in figures(results)


def test_a_disturbed_run_is_not_quoted() -> None:
    assert "20,000" not in figures(measured(disturbed=0.3))


def test_a_smoke_test_is_not_quoted() -> None:
    assert "20,000" not in figures(measured(rounds=1))


def test_a_run_without_hotgate_is_not_quoted() -> None:
    results = Results()
    results.add("plain", "Envoy", "rate", 9_000.0)
    assert "9,000" not in figures(results)


def test_the_rest_of_the_readme_stays() -> None:
    readme = f"before\n{START}\nold\n{END}\nafter\n"
    once = with_figures(readme, measured())
    assert once.startswith("before\n")
    assert once.endswith("after\n")
    assert "old" not in once
    assert with_figures(once, measured()) == once


def test_a_readme_without_marks_is_an_error() -> None:
    with pytest.raises(MarksMissingError):
        with_figures("nothing", measured())


def test_the_readme_has_the_marks() -> None:
    with_figures(README.read_text(), measured())
