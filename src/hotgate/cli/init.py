"""`hotgate init`: a first configuration that works, with comments that say how to go on."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write it; made when missing.")] = Path(),
) -> None:
    """Write a commented hotgate.yaml to start from. An existing one is never overwritten."""
    target = folder / "hotgate.yaml"
    text = files("hotgate.config").joinpath("starter.yaml").read_text(encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Mode x: whoever creates the file in the meantime keeps it.
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        typer.echo(f"{target} is already there; remove it first, or choose another folder", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"{target} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Wrote {target}. Next: hotgate check -c {target}, then hotgate run -c {target}")
