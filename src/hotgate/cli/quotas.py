"""`hotgate quotas`: how much of each quota is used, as a running gateway counts it, and a fresh start for a key."""

from __future__ import annotations

from typing import Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.limits import Containing, Key
from hotgate.cli.request import ask
from hotgate.cli.shown_items import show_all, show_one
from hotgate.cli.values import AsJson

quotas = typer.Typer(name="quotas", help="See and reset quotas of a running gateway.", no_args_is_help=True)

Quota = Annotated[str, typer.Argument(help="The quota, as `list` shows it.")]

_COLUMNS = ("quota", "key", "used", "limit", "ends")


@quotas.command("list")
def list_quotas(
    config: ConfigurationFile = DEFAULT_FILE,
    quota: Annotated[str, typer.Option("--quota", help="Only of this quota.")] = "",
    containing: Containing = "",
    as_json: AsJson = False,
) -> None:
    """List who has used most in the period that is under way: at most 1,000."""
    show_all(ask(config, "list_quotas", quota=quota, containing=containing)["items"], _COLUMNS, as_json=as_json)


@quotas.command()
def show(quota: Quota, key: Key, config: ConfigurationFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """Show how much a key has used."""
    show_one(ask(config, "list_quota", quota=quota, key=key)["item"], as_json=as_json)


@quotas.command()
def reset(quota: Quota, key: Key, config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Let a key have its whole quota again."""
    ask(config, "reset_quota", quota=quota, key=key)
    typer.echo(f"{key} begins anew")
