"""`hotgate versions`: the versions of APIs that a running gateway serves, and who still uses them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.request import ask
from hotgate.cli.table import print_table
from hotgate.cli.values import AsJson

_COLUMNS = ("api", "version", "deprecated", "sunset", "callers", "requests", "last seen")


def versions(
    api: Annotated[str, typer.Argument(help="With a version: list who uses it.")] = "",
    version: Annotated[str, typer.Argument()] = "",
    config: ConfigurationFile = DEFAULT_FILE,
    as_json: AsJson = False,
) -> None:
    """List versions and how much they are used since the gateway was started; or who uses one of them."""
    kind, key = ("list_version_callers", "callers") if api else ("list_versions", "versions")
    found = ask(config, kind, api=api, version=version)[key]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    elif api:
        rows = [(each["caller"], str(each["requests"]), _day(each["last_seen"])) for each in found]
        print_table(("caller", "requests", "last seen"), rows)
    else:
        print_table(_COLUMNS, [_row(each) for each in found])


def _row(version: dict[str, object]) -> tuple[str, ...]:
    name = f"{version['version']} (default)" if version["is_default"] else str(version["version"])
    used = (str(version["callers"]), str(version["requests"]), _day(version["last_seen"]))
    return str(version["api"]), name, _day(version["deprecated"]), _day(version["sunset"]), *used


def _day(epoch: object) -> str:
    return datetime.fromtimestamp(epoch, UTC).date().isoformat() if isinstance(epoch, int | float) else "-"
