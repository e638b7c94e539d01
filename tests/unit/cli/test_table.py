"""Tables on a terminal."""

import pytest

from hotgate.cli import table


def test_nothing_is_cut_off_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(table, "is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    columns = ("id", "consumer", "environment", "state", "ends with", "scopes", "expires", "last used")
    cells = ("sS5PDLNH6Dki", "partner-company-1", "live", "active", "…WxIF", "orders:read", "2027-02-23T21:46:18Z", "-")
    table.print_table(columns, [cells])
    printed = capsys.readouterr().out
    lines = [line.split("│")[1:-1] for line in printed.splitlines() if line.startswith("│")]
    assert lines[0][0].strip() == "sS5PDLNH6Dki"
    assert tuple("".join(parts).replace(" ", "") for parts in zip(*lines, strict=True)) == cells
    assert max(map(len, printed.splitlines())) <= 80
