"""`hotgate run`: serve."""

from enum import StrEnum
from typing import Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.runtime.compiling.without_collection import without_collection


class LogFormat(StrEnum):
    """How the gateway's own log looks; access logs are always JSON."""

    CONSOLE = "console"
    JSON = "json"


def run(
    config: ConfigurationFile = DEFAULT_FILE,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Worker processes, whatever the file says.")
    ] = None,
    log_format: Annotated[LogFormat, typer.Option(help="Form of the log on standard error.")] = LogFormat.CONSOLE,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C; SIGHUP reloads the configuration, SIGUSR2 upgrades the program."""
    with without_collection():  # heavy; `hotgate --help` must not wait for it
        from hotgate.runtime.compiling.load import RunOptions  # noqa: PLC0415
        from hotgate.runtime.run import run_gateway  # noqa: PLC0415

    try:
        status = run_gateway(RunOptions(config, workers, log_format.value))
    except KeyboardInterrupt:  # before the event loop took the signals over
        status = 130
    raise typer.Exit(status)
