"""The command line."""

import pytest
from bench.options import CASES, DOCS, parse


def test_a_full_run_is_the_default() -> None:
    options = parse([])
    assert options.cases == frozenset(CASES)
    assert (options.settings.connections, options.settings.body, options.limit) == (10_000, 2**30, 1800.0)
    assert (options.settings.rounds, options.settings.seconds) == (3, 3)


def test_only_a_run_for_the_page_replaces_the_published_figures() -> None:
    assert parse([]).json.name == "last.json"
    assert parse(["--write-docs"]).json == DOCS / "benchmarks.json"
    assert parse(["--only-docs"]).json == DOCS / "benchmarks.json"


def test_only_and_rounds_and_seconds() -> None:
    options = parse(["--only", "plain, Secured", "--rounds", "7", "--seconds", "9", "--servers", "Hotgate"])
    assert options.cases == {"plain", "secured"}
    assert (options.settings.rounds, options.settings.seconds) == (7, 9)
    assert options.servers == {"hotgate"}


def test_an_unknown_case_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--only", "plane"])
    assert "no such case: plane" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "-1", "many"])
def test_rounds_and_seconds_are_positive(text: str) -> None:
    with pytest.raises(SystemExit):
        parse([f"--rounds={text}"])
