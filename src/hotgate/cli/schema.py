"""`hotgate schema`: the JSON Schema of the file, for editors."""

import json
from typing import Annotated

import typer

from hotgate.cli.configuration import full_model


def schema(
    markdown: Annotated[bool, typer.Option("--markdown", hidden=True, help="Write docs/configuration.md.")] = False,
) -> None:
    """Print the JSON Schema (draft 2020-12) of the configuration file, for completion and checks in editors."""
    from hotgate.config.json_schema import json_schema  # noqa: PLC0415
    from hotgate.config.reference import reference  # noqa: PLC0415

    found = json_schema(full_model())
    typer.echo(reference(found) if markdown else json.dumps(found, indent=2), nl=not markdown)
