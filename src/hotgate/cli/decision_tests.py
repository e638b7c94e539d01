"""`hotgate test`: does the configuration decide as a table says?"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.explain import read_configuration
from hotgate.cli.request_options import failed

if TYPE_CHECKING:
    from hotgate.config.loader import Loaded
    from hotgate.runtime.explaining.tables import LoadedTable, Verdict

DEFAULT_TABLE = Path("hotgate-tests.yaml")
DIFFERS = 1


def decision_tests(
    table: Annotated[Path, typer.Argument(metavar="FILE", help="The table: `tests:` with requests.")] = DEFAULT_TABLE,
    config: ConfigurationFile = DEFAULT_FILE,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no address for keys.")] = False,
) -> None:
    """Decide about each request of a table, and exit with 1 if one is not decided as expected, 2 on an error."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)
    from hotgate.runtime.explaining.tables import LoadedTable  # noqa: PLC0415

    loaded = read_configuration(config)
    try:
        described = LoadedTable(table, os.environ, loaded.config.identity)
        wrong = asyncio.run(_play(loaded, described, offline=offline))
    except ConfigurationErrors as errors:
        raise failed(str(errors)) from None
    except ValueError as error:
        raise failed(f"cannot be decided: {error}") from None
    typer.echo(f"{table}: {len(described) - wrong} of {len(described)} as expected")
    raise typer.Exit(DIFFERS if wrong else 0)


async def _play(loaded: Loaded, described: LoadedTable, *, offline: bool) -> int:
    """How many are not as expected."""
    from hotgate.runtime.explaining.alone import explaining_alone  # noqa: PLC0415 (as above)

    wrong = 0
    async with explaining_alone(loaded, offline=offline) as explainer:
        async for result in described.results(explainer):
            if result.differences:
                wrong += 1
                _tell(result)
    return wrong


def _tell(result: Verdict) -> None:
    from hotgate.cli.explained_text import text_of  # noqa: PLC0415 (as above)

    typer.echo(f"{result.at}: {result.name}: {'; '.join(result.differences)}")
    typer.echo("\n".join(f"  {line}" for line in text_of(result.explained).splitlines()))
