"""Markdown tables."""

from bench.criteria import Criterion, value
from bench.results import Results
from bench.tables import Column, case_table, criteria_table, markdown


def _results() -> Results:
    results = Results()
    for server, rate in (("nginx", 2000.0), ("nginx", 4000.0), ("nginx", 3000.0), ("Envoy", 1500.0)):
        results.add("plain", server, "rate", rate)
    return results


def test_markdown_aligns_figures_to_the_right() -> None:
    assert markdown(["", "a"], [["x", "1"]]) == "|  | a |\n| --- | --: |\n| x | 1 |\n"


def test_case_table_has_the_best_first_with_range_and_ratio() -> None:
    columns = (Column("rate", "rate", with_range=True), Column("÷", "rate", reference=("plain", "nginx")))
    rows = case_table(_results(), "plain", columns).splitlines()[2:]
    assert rows == ["| nginx | 3,000 (2,000 to 4,000) | 1.00 |", "| Envoy | 1,500 (1,500 to 1,500) | 0.50 |"]


def test_the_lowest_comes_first_where_less_is_better() -> None:
    rows = case_table(_results(), "plain", [Column("rate", "rate", less_is_better=True)]).splitlines()[2:]
    assert [row.split()[1] for row in rows] == ["Envoy", "nginx"]


def test_missing_figures_are_dashes_and_a_missing_case_is_no_table() -> None:
    columns = (Column("rate", "rate"), Column("p99", "p99"), Column("÷", "rate", reference=("plain", "Caddy")))
    assert case_table(_results(), "plain", columns).splitlines()[2] == "| nginx | 3,000 | - | - |"
    assert case_table(_results(), "secured", columns) == ""


def test_criteria_table_shows_bound_figure_and_verdict() -> None:
    criterion = Criterion("nginx", value("plain", "nginx", "rate", 1000), 5.0, unit=" k")
    assert "| nginx | ≥ 5.00 k | 3.00 k | fall short |" in criteria_table(_results(), [criterion])
