"""`hotgate check`: is the configuration right, and if not, what is wrong and where."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile, load_configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized
    from pathlib import Path

    from hotgate.config.errors import ConfigurationError
    from hotgate.config.loader import Loaded

    DeepCheck = Callable[[Loaded], Sequence[ConfigurationError]]


def check(config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Check the configuration: print every error as file:line:column and exit with 1, or say ok."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415

    try:
        loaded = checked(config, _compile_errors)
    except ConfigurationErrors as found:
        for error in found.errors:
            typer.echo(str(error))
        raise typer.Exit(1) from None
    for warning in loaded.warnings:
        typer.echo(f"{warning} (warning)")
    routes, upstreams = _count(loaded.config.routes, "route"), _count(loaded.config.upstreams, "upstream")
    typer.echo(f"{config}: {routes}, {upstreams}: ok")


def checked(file: Path, deep_check: DeepCheck) -> Loaded:
    """Load a file and try everything that only compiling it can show. Raises ConfigurationErrors."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415

    loaded = load_configuration(file)
    # Policies of the user's own are modules in the configuration's folder, as they are when the gateway runs.
    sys.path.insert(0, str(file.resolve().parent))
    errors = deep_check(loaded)
    if errors:
        raise ConfigurationErrors(errors)
    return loaded


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}" if len(things) == 1 else f"{len(things)} {name}s"


def _compile_errors(loaded: Loaded) -> Sequence[ConfigurationError]:
    from hotgate.runtime.compiling.load import deep_errors  # noqa: PLC0415

    return deep_errors(loaded)
