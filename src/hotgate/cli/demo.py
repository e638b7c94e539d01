"""`hotgate demo`: see it work before reading anything."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the gateway on 127.0.0.1; 0 for a free one.")
    ] = 8080,
    folder: Annotated[
        Path | None, typer.Option(help="Where its files go, to be kept. Default: a temporary folder.")
    ] = None,
) -> None:
    """Run a gateway with two backends on this machine, and show what to try on it."""
    from hotgate.demo.run import run_demo  # noqa: PLC0415 (heavy; `hotgate --help` must not wait for it)

    raise typer.Exit(run_demo(port, folder))
