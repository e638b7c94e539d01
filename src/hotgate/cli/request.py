"""What commands that ask a running gateway for something have in common."""

from pathlib import Path
from typing import Any

import typer

from hotgate.cli.records import refusal


def request(file: Path, kind: str, done: str) -> None:
    """Ask, wait, and say how it went; exits with 1 if it was not done."""
    ask(file, kind)
    typer.echo(done)


def ask(file: Path, kind: str, **facts: str) -> dict[str, Any]:
    """What a running gateway answers. Exits with 1 and the reason if it was not done."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)
    from hotgate.runtime.desks.operator_request import NotAnswered, ask_gateway  # noqa: PLC0415

    try:
        answer = ask_gateway(file, {"type": kind, **facts})
    except ConfigurationErrors as errors:
        raise refusal("\n".join(map(str, errors.errors))) from None
    except NotAnswered as error:
        raise refusal(str(error)) from None
    if reason := answer["reason"]:
        raise refusal(str(reason))
    return answer
