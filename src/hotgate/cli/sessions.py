"""`hotgate sessions`: who is logged in, and how they are logged out."""

from __future__ import annotations

from typing import Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.records import with_records
from hotgate.cli.table import print_table
from hotgate.cli.values import AsJson, PageSize, shown_time

_COLUMNS = ("id", "subject", "created", "last seen", "ends")

sessions = typer.Typer(name="sessions", help="See and end the sessions of logins.", no_args_is_help=True)

Provider = Annotated[str, typer.Option(help="The name under `identity`.")]


@sessions.command("list")
def list_sessions(
    provider: Provider,
    config: ConfigurationFile = DEFAULT_FILE,
    subject: Annotated[str | None, typer.Option(help="Only those of this subject.")] = None,
    limit: PageSize = 100,
    after: Annotated[str, typer.Option(help="What the page before says at its end.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the sessions that are kept on the gateway's side; those in cookies cannot be listed."""
    from hotgate.control.api import sessions as api  # noqa: PLC0415 (heavy; `hotgate --help` must not wait for it)

    found = with_records(config, lambda records: records.sessions.list(provider, subject, after, limit))
    items = [api.Session.of(each) for each in found.sessions]
    if as_json:
        typer.echo(api.Sessions(items=items, next=found.after).model_dump_json(indent=2))
        return
    rows = [
        (each.id, _shown(each.subject), shown_time(each.created), shown_time(each.last_seen), shown_time(each.end))
        for each in found.sessions
    ]
    print_table(_COLUMNS, rows)
    if found.after is not None:
        typer.echo(f"for what follows: --after {found.after}", err=True)


@sessions.command()
def end(
    provider: Provider,
    config: ConfigurationFile = DEFAULT_FILE,
    session_id: Annotated[str | None, typer.Option("--id", help="The one session, as `list` shows it.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="All sessions of this subject, also those in cookies, and its tokens.")
    ] = None,
) -> None:
    """End a session, or log a subject out everywhere. A gateway that runs follows within a second."""
    if (session_id is None) == (subject is None):
        raise typer.BadParameter("give --id or --subject, one of both")
    if session_id is not None:
        ended = with_records(config, lambda records: records.sessions.end(provider, session_id))
        typer.echo(f"ended: {ended.id} of {_shown(ended.subject)}")
    elif subject is not None:
        count = with_records(config, lambda records: records.sessions.end_all(provider, subject))
        typer.echo(f"logged out everywhere: {_shown(subject)} ({count} kept sessions)")


def _shown(value: str) -> str:
    """A provider's text may hold line ends or what a terminal obeys: escaped then."""
    return value if value.isprintable() else ascii(value)
