"""What commands that ask a running gateway for something have in common."""

from pathlib import Path

import typer


def request(file: Path, kind: str, done: str) -> None:
    """Ask, wait, and say how it went; exits with 1 if it was not done."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)
    from hotgate.runtime.operator_request import NotAnswered, ask_gateway  # noqa: PLC0415

    try:
        reason = ask_gateway(file, kind)
    except ConfigurationErrors as errors:
        reason = "\n".join(map(str, errors.errors))
    except NotAnswered as error:
        reason = str(error)
    typer.echo(reason or done, err=bool(reason))
    raise typer.Exit(1 if reason else 0)
