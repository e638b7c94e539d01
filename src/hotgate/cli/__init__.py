"""The command line. One file for each command, each with one function of the command's name.

It may import everything, but commands import what is heavy inside their function, so that `hotgate check` starts
fast. Start reading at `app`.
"""

from typing import Annotated

import typer

from hotgate.cli.admin import admin
from hotgate.cli.bans import bans
from hotgate.cli.check import check
from hotgate.cli.consumers import consumers
from hotgate.cli.core_dumps import forbid_core_dumps
from hotgate.cli.decision_tests import decision_tests
from hotgate.cli.demo import demo
from hotgate.cli.diff import diff
from hotgate.cli.explain import explain
from hotgate.cli.identity import identity
from hotgate.cli.init import init
from hotgate.cli.keys import keys
from hotgate.cli.limits import limits
from hotgate.cli.passwords import passwords
from hotgate.cli.quotas import quotas
from hotgate.cli.releases import releases
from hotgate.cli.reload import reload
from hotgate.cli.revocations import revocations
from hotgate.cli.routes import routes
from hotgate.cli.run import run
from hotgate.cli.schema import schema
from hotgate.cli.sessions import sessions
from hotgate.cli.signing_keys import signing_keys
from hotgate.cli.standard_streams import fill_closed_streams
from hotgate.cli.store import store
from hotgate.cli.upgrade import upgrade
from hotgate.cli.versions import versions

app = typer.Typer(name="hotgate", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for command in (run, reload, upgrade, check, explain, diff, routes, versions, identity, schema, init, demo):
    app.command()(command)
app.command("test")(decision_tests)
for group in (
    admin,
    bans,
    consumers,
    keys,
    limits,
    passwords,
    quotas,
    releases,
    revocations,
    sessions,
    signing_keys,
    store,
):
    app.add_typer(group)


def _print_version(wanted: bool) -> None:
    if wanted:
        from hotgate import __version__  # noqa: PLC0415

        typer.echo(f"hotgate {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Hotgate: a secure API gateway in pure Python, configured by one YAML file."""


def main() -> None:
    """The entry point of the `hotgate` program."""
    forbid_core_dumps()
    fill_closed_streams()
    app()
