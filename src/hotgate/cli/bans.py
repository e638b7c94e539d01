"""`hotgate bans`: addresses that a running gateway turns away for too many bad credentials."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.request import ask
from hotgate.cli.table import print_table
from hotgate.cli.values import AsJson

bans = typer.Typer(name="bans", help="See and lift bans of a running gateway.", no_args_is_help=True)


@bans.command("list")
def list_bans(config: ConfigurationFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """List who is banned, and for how many seconds yet: the first 1,000."""
    answer = ask(config, "list_bans")
    found = {"active": answer["active"], "bans": answer["bans"]}
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        print_table(("address", "seconds"), [(each["address"], str(each["seconds"])) for each in found["bans"]])


@bans.command()
def lift(
    address: Annotated[str, typer.Argument(help="The address, or the network as `list` shows it.")],
    config: ConfigurationFile = DEFAULT_FILE,
) -> None:
    """Let an address try again; of a banned /64, any address of it."""
    ask(config, "lift_ban", address=address)
    typer.echo(f"{address} may try again")
