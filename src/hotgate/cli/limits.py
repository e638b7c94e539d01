"""`hotgate limits`: who is limited by a running gateway, how a key stands, and a fresh start for it."""

from __future__ import annotations

from typing import Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.request import ask
from hotgate.cli.shown_items import show_all, show_one
from hotgate.cli.values import AsJson

limits = typer.Typer(name="limits", help="See who is limited by a running gateway.", no_args_is_help=True)

Limit = Annotated[str, typer.Argument(help="The limit, as `list` shows it.")]
Key = Annotated[str, typer.Argument(help="The key, as `list` shows it.")]
Containing = Annotated[str, typer.Option("--containing", help="Only keys with this text in them.")]

_COLUMNS = ("limit", "key", "level", "limited_for_seconds", "retry_after_seconds")


@limits.command("list")
def list_limited(
    config: ConfigurationFile = DEFAULT_FILE,
    limit: Annotated[str, typer.Option("--limit", help="Only by this limit.")] = "",
    containing: Containing = "",
    as_json: AsJson = False,
) -> None:
    """List who is limited now, the latest first: at most 1,000."""
    show_all(ask(config, "list_limits", limit=limit, containing=containing)["items"], _COLUMNS, as_json=as_json)


@limits.command()
def show(limit: Limit, key: Key, config: ConfigurationFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """Show how a key of a limit stands. Nothing is spent."""
    show_one(ask(config, "list_limit", limit=limit, key=key)["item"], as_json=as_json)


@limits.command()
def reset(limit: Limit, key: Key, config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Let a key have its whole burst again."""
    ask(config, "reset_limit", limit=limit, key=key)
    typer.echo(f"{key} begins anew")
