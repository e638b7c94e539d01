"""Lists for people: a table on a terminal, aligned columns where they are piped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 2


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print it on standard output."""
    if is_terminal():
        _print_rich(columns, rows)
    else:
        typer.echo(_plain([columns, *rows]))


def is_terminal() -> bool:
    """Whether somebody looks at it."""
    return sys.stdout.isatty()


def _plain(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("".join(cell.ljust(width + _GAP) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _print_rich(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 (heavy; commands must start fast)
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table()
    for number, column in enumerate(columns):  # nothing is cut off; the first cell is what other commands are given
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: a cell may hold "[", which Rich would read as markup
    Console().print(table)
