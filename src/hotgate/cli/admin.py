"""`hotgate admin`: what operators and their programs need to speak to the admin API."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.records import checked_configuration, refusal

admin = typer.Typer(name="admin", help="What it takes to use the admin API.", no_args_is_help=True)


@admin.command()
def token(
    config: ConfigurationFile = DEFAULT_FILE,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make another one; the old one is worth nothing then.")
    ] = False,
) -> None:
    """Print the token that the gateway has made for itself: curl -H "Authorization: Bearer $(hotgate admin token)" …"""
    from hotgate.control.admin_tokens import NoToken  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)

    try:
        typer.echo(_token(config, rotate=rotate))
    except NoToken as reason:
        raise refusal(str(reason)) from None


@admin.command()
def openapi(
    markdown: Annotated[bool, typer.Option("--markdown", hidden=True, help="Write docs/admin-api.md.")] = False,
) -> None:
    """Print the OpenAPI 3.1 document of the admin API, for programs that write clients."""
    from hotgate.control.api.application import document  # noqa: PLC0415
    from hotgate.control.api.reference import reference  # noqa: PLC0415

    typer.echo(reference(document()) if markdown else json.dumps(document(), indent=2), nl=not markdown)


def _token(file: Path, *, rotate: bool) -> str:
    from hotgate.control.admin_tokens import NoToken  # noqa: PLC0415
    from hotgate.runtime.folders.admin_token import AdminToken  # noqa: PLC0415
    from hotgate.runtime.folders.state_directory import state_directory  # noqa: PLC0415

    configuration = checked_configuration(file)
    if configuration.admin.named_tokens:
        raise NoToken(f"The tokens are those of {file}: see `admin`.")
    kept = AdminToken(state_directory(file, configuration.state_dir, os.environ))
    if not kept.path.exists():
        # Made here, it might belong to the wrong user.
        raise NoToken(f"There is no {kept.path} yet: start the gateway first, and be its user.")
    return (kept.rotate() if rotate else kept.read()).decode("ascii")
