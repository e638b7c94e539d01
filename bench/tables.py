"""Results as Markdown tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.criteria import Criterion
from bench.results import Results, Spread


@dataclass(frozen=True, slots=True)
class Column:
    """metric: what it shows, divided by `scale`, with so many decimals. reference: show the ratio to that median."""

    title: str
    metric: str
    scale: float = 1.0
    digits: int = 0
    reference: tuple[str, str] | None = None
    with_range: bool = False
    less_is_better: bool = False


def case_table(results: Results, case: str, columns: Sequence[Column]) -> str:
    """One row per server, those with the better first column first; empty when nothing was measured."""
    first = columns[0]
    servers = sorted(
        results.servers(case),
        key=lambda name: results.middle(case, name, first.metric) or 0.0,
        reverse=not first.less_is_better,
    )
    rows = [[name, *(_cell(results, case, name, column) for column in columns)] for name in servers]
    return markdown(["", *(column.title for column in columns)], rows) if rows else ""


def criteria_table(results: Results, criteria: Iterable[Criterion]) -> str:
    """What was required, what was measured, and whether that will do."""
    rows = []
    for criterion in criteria:
        measured = criterion.measure(results)
        shown = "-" if measured is None else f"{measured:,.2f}{criterion.unit}"
        rows.append([criterion.text, criterion.bound(), shown, criterion.verdict(measured)])
    return markdown(["criterion", "required", "measured", ""], rows)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose columns, but the first, are aligned to the right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(results: Results, case: str, server: str, column: Column) -> str:
    spread = results.spread(case, server, column.metric)
    if spread is None:
        return "-"
    if column.reference is None:
        return _scaled(spread, column)
    reference = results.middle(*column.reference, column.metric)
    return f"{spread.median / reference:.2f}" if reference else "-"


def _scaled(spread: Spread, column: Column) -> str:
    middle, low, high = (
        f"{figure / column.scale:,.{column.digits}f}" for figure in (spread.median, spread.low, spread.high)
    )
    return f"{middle} ({low} to {high})" if column.with_range else middle
