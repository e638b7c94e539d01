"""`hotgate admin`: what operators need to speak to the admin API."""

import os
from pathlib import Path
from typing import Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile, load_configuration

admin = typer.Typer(name="admin", help="What the admin API needs.", no_args_is_help=True)


@admin.callback()
def _admin() -> None:
    """What the admin API needs."""


@admin.command()
def token(
    config: ConfigurationFile = DEFAULT_FILE,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make another one; the old one is worth nothing then.")
    ] = False,
) -> None:
    """Print the token that the gateway has made for itself: curl -H "Authorization: Bearer $(hotgate admin token)" …"""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)
    from hotgate.control.admin_tokens import NoToken  # noqa: PLC0415

    try:
        typer.echo(_token(config, rotate=rotate))
    except (ConfigurationErrors, NoToken) as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(1) from None


def _token(file: Path, *, rotate: bool) -> str:
    from hotgate.control.admin_tokens import NoToken  # noqa: PLC0415
    from hotgate.runtime.admin_token import AdminToken  # noqa: PLC0415
    from hotgate.runtime.state_directory import state_directory  # noqa: PLC0415

    configuration = load_configuration(file).config
    if configuration.admin.named_tokens:
        raise NoToken(f"The tokens are those of {file}: see `admin`.")
    kept = AdminToken(state_directory(file, configuration.state_dir, os.environ))
    if not kept.path.exists():
        # Made here, it might belong to the wrong user.
        raise NoToken(f"There is no {kept.path} yet: start the gateway first, and be its user.")
    return (kept.rotate() if rotate else kept.read()).decode("ascii")
