"""The page."""

from bench.report import page
from bench.results import Results


def test_page_has_criteria_the_measured_sections_and_nothing_else() -> None:
    results = Results(about={"machine": {"processor": "A"}}, enforced={"Envoy": ["no token → 401"]})
    results.add("plain", "nginx", "rate", 1000.0)
    text = page(results, "benchmarks.svg")
    assert "## Criteria" in text
    assert "## Plain proxy, 64 connections" in text
    assert "## Secured, 64 connections" not in text
    assert "- Envoy: no token → 401." in text
    assert "- processor: A\n" in text
    assert "(benchmarks.svg)" in text


def test_notes_show_their_first_line_only() -> None:
    results = Results()
    results.note("plain of Caddy left out: no answer\nTraceback")
    assert page(results).endswith("- plain of Caddy left out: no answer\n")


def test_a_disturbed_run_is_not_to_be_quoted() -> None:
    results = Results()
    results.add("plain", "nginx", "disturbed", 0.02)
    assert "Do not quote" not in page(results)
    results.add("secured", "Envoy", "disturbed", 0.4)
    assert "up to 40% of a core" in page(results)
