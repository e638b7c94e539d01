"""What a gateway answers with: a table for people, JSON for programs."""

from __future__ import annotations

import json
from typing import Any

import typer

from hotgate.cli.table import print_table


def show_all(items: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool) -> None:
    """A table of some columns, or all as JSON."""
    if as_json:
        typer.echo(json.dumps(items, indent=2))
    else:
        headings = tuple(column.replace("_seconds", " (s)").replace("_", " ") for column in columns)
        print_table(headings, [tuple(_text(item[column]) for column in columns) for item in items])


def show_one(item: dict[str, Any], *, as_json: bool) -> None:
    """A line for each member, or JSON."""
    if as_json:
        typer.echo(json.dumps(item, indent=2))
    else:
        print_table(("", ""), [(name.replace("_", " "), _text(value)) for name, value in item.items()])


def _text(value: Any) -> str:
    return "-" if value is None else str(value)
