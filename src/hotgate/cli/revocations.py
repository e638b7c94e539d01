"""`hotgate revocations`: tokens that are no longer accepted, though nothing else is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.records import with_records
from hotgate.cli.table import print_table
from hotgate.cli.values import AsJson, PageSize, moment, past_moment, shown_time

if TYPE_CHECKING:
    from hotgate.store.records import Revocation, RevocationKind

_COLUMNS = ("provider", "kind", "value", "issued before", "reason", "forgotten")

revocations = typer.Typer(name="revocations", help="Refuse tokens before they expire.", no_args_is_help=True)

Provider = Annotated[str, typer.Option(help="The name under `identity` of who issued them.")]
Jti = Annotated[str | None, typer.Option("--jti", help="The one token with this id.")]
Sub = Annotated[str | None, typer.Option("--sub", help="All tokens of this subject.")]
Sid = Annotated[str | None, typer.Option("--sid", help="All tokens of this session.")]
Client = Annotated[str | None, typer.Option("--client", help="All tokens of this client.")]
All = Annotated[bool, typer.Option("--all", help="All tokens of the provider that have been issued so far.")]


@revocations.command()
def add(
    provider: Provider,
    config: ConfigurationFile = DEFAULT_FILE,
    jti: Jti = None,
    sub: Sub = None,
    sid: Sid = None,
    client: Client = None,
    everything: All = False,
    issued_before: Annotated[
        str | None, typer.Option(help="Only tokens that were issued before this time, or longer ago: 2h.")
    ] = None,
    reason: Annotated[str, typer.Option(help="For people who wonder later; callers are not told.")] = "",
    expires: Annotated[
        str | None, typer.Option(help="When no such token lives any more, so that this can be forgotten: 24h.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Refuse tokens from now on. --issued-before alone means all of the provider's that are older."""
    from hotgate.store.records import Revocation  # noqa: PLC0415 (heavy; `hotgate --help` must not wait for it)

    is_all = everything or (issued_before is not None and (jti, sub, sid, client) == (None,) * 4)
    kind, value = _which(jti, sub, sid, client, is_all=is_all)
    revocation = Revocation(
        kind, provider, value, before=past_moment(issued_before), reason=reason, expires=moment(expires)
    )
    added = with_records(config, lambda records: records.revocations.add(revocation))
    if as_json:
        from hotgate.control.api import revocations as api  # noqa: PLC0415

        typer.echo(api.Revocation.of(added).model_dump_json(indent=2))
    else:
        typer.echo(f"revoked: {_described(added)}")


@revocations.command("list")
def list_revocations(
    config: ConfigurationFile = DEFAULT_FILE,
    limit: PageSize = 100,
    after: Annotated[str, typer.Option(help="What the page before says at its end.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what is revoked, by provider, kind and value."""
    from hotgate.control.api import revocations as api  # noqa: PLC0415 (heavy; `hotgate --help` must not wait for it)
    from hotgate.control.api.fields import next_page  # noqa: PLC0415

    try:
        triple = api.triple_after(after)
    except ValueError:
        raise typer.BadParameter("--after takes what the page before says at its end") from None
    found = with_records(config, lambda records: records.revocations.list(triple, limit))
    items = [api.Revocation.of(each) for each in found]
    cursor = next_page(len(items), limit, items[-1].id if items else "")
    if as_json:
        typer.echo(api.Revocations(items=items, next=cursor).model_dump_json(indent=2))
        return
    print_table(_COLUMNS, [_row(each) for each in found])
    if cursor is not None:
        typer.echo(f"for what follows: --after {cursor}", err=True)


@revocations.command()
def lift(
    provider: Provider,
    config: ConfigurationFile = DEFAULT_FILE,
    jti: Jti = None,
    sub: Sub = None,
    sid: Sid = None,
    client: Client = None,
    everything: All = False,
) -> None:
    """Accept tokens again, as far as they are good otherwise."""
    kind, value = _which(jti, sub, sid, client, is_all=everything)
    with_records(config, lambda records: records.revocations.lift(provider, kind, value))
    typer.echo(f"lifted: {_named(provider, kind, value)}")


def _which(
    jti: str | None, sub: str | None, sid: str | None, client: str | None, *, is_all: bool
) -> tuple[RevocationKind, str]:
    """What is meant, of which there must be exactly one. Raises BadParameter."""
    named: tuple[tuple[RevocationKind, str | None], ...] = (
        ("jti", jti),
        ("sub", sub),
        ("sid", sid),
        ("client", client),
        ("all", "" if is_all else None),
    )
    given = [(kind, value) for kind, value in named if value is not None]
    if len(given) != 1:
        raise typer.BadParameter("give exactly one of --jti, --sub, --sid, --client and --all")
    return given[0]


def _described(revocation: Revocation) -> str:
    before = "" if revocation.before is None else f", issued before {shown_time(revocation.before)}"
    return _named(revocation.provider, revocation.kind, revocation.value) + before


def _named(provider: str, kind: str, value: str) -> str:
    return f"{provider} {kind} {_shown(value)}".rstrip()


def _shown(value: str) -> str:
    """An issuer's text may hold line ends or what a terminal obeys: escaped then."""
    return value if value.isprintable() else ascii(value)


def _row(revocation: Revocation) -> tuple[str, ...]:
    return (
        revocation.provider,
        revocation.kind,
        _shown(revocation.value) or "-",
        shown_time(revocation.before),
        revocation.reason or "-",
        shown_time(revocation.expires),
    )
