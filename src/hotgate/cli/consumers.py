"""`hotgate consumers`: who calls with the keys of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.records import with_records
from hotgate.cli.table import print_table
from hotgate.cli.values import After, AsJson, Metadata, PageSize, mapping, shown_list, shown_time

if TYPE_CHECKING:
    from pathlib import Path

    from hotgate.store.records import Consumer

_COLUMNS = ("name", "state", "groups", "roles", "tier", "created")

consumers = typer.Typer(name="consumers", help="Add, list, change, disable and remove consumers.", no_args_is_help=True)

ConsumerName = Annotated[str, typer.Argument(metavar="NAME", help="The name of a consumer.")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="A group of which it is; may be repeated.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role that it has; may be repeated.")]
Tier = Annotated[str | None, typer.Option(help="What it pays for, such as gold.")]


@consumers.command()
def create(
    name: ConsumerName,
    config: ConfigurationFile = DEFAULT_FILE,
    group: Groups = None,
    role: Roles = None,
    tier: Tier = None,
    metadata: Metadata = None,
    as_json: AsJson = False,
) -> None:
    """Add a consumer."""
    from hotgate.store.records import Consumer  # noqa: PLC0415 (heavy; `hotgate --help` must not wait for it)

    new = Consumer(name, tuple(group or ()), tuple(role or ()), tier, mapping(metadata))
    _print_done(with_records(config, lambda records: records.consumers.create(new)), "is added", as_json=as_json)


@consumers.command("list")
def list_consumers(
    config: ConfigurationFile = DEFAULT_FILE, limit: PageSize = 100, after: After = "", as_json: AsJson = False
) -> None:
    """List consumers by name."""
    found = with_records(config, lambda records: records.consumers.list(after, limit))
    if as_json:
        from hotgate.control.api import consumers as api  # noqa: PLC0415
        from hotgate.control.api.fields import next_page  # noqa: PLC0415

        last = found[-1].name if found else ""
        page = api.Consumers(items=[api.Consumer.of(each) for each in found], next=next_page(len(found), limit, last))
        typer.echo(page.model_dump_json(indent=2))
    else:
        print_table(_COLUMNS, [_row(each) for each in found])


@consumers.command()
def show(name: ConsumerName, config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Show a consumer as JSON."""
    _print_record(with_records(config, lambda records: records.consumers.get(name)))


@consumers.command()
def change(
    name: ConsumerName,
    config: ConfigurationFile = DEFAULT_FILE,
    group: Groups = None,
    role: Roles = None,
    tier: Tier = None,
    metadata: Metadata = None,
    as_json: AsJson = False,
) -> None:
    """Replace what is given, and leave the rest. An empty text ("") stands for nothing."""
    given: dict[str, Any] = {}
    for field, values in (("groups", group), ("roles", role)):
        if values is not None:
            given[field] = tuple(value for value in values if value)
    if tier is not None:
        given["tier"] = tier or None
    if metadata is not None:
        given["metadata"] = mapping([pair for pair in metadata if pair])
    if not given:
        raise typer.BadParameter("give at least one of --group, --role, --tier and --metadata")
    _change(name, config, given, "is changed", as_json=as_json)


@consumers.command()
def disable(name: ConsumerName, config: ConfigurationFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """Refuse all keys of a consumer, and its certificates where `mtls` asks the store, until it is enabled again."""
    _change(name, config, {"is_disabled": True}, "is disabled", as_json=as_json)


@consumers.command()
def enable(name: ConsumerName, config: ConfigurationFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """Accept the keys and certificates of a consumer again."""
    _change(name, config, {"is_disabled": False}, "is enabled", as_json=as_json)


@consumers.command()
def remove(
    name: ConsumerName,
    config: ConfigurationFile = DEFAULT_FILE,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a consumer and all its keys, for good."""
    if not yes:
        typer.confirm(f"Remove {name} and all its keys?", abort=True, err=True)
    with_records(config, lambda records: records.consumers.remove(name))
    typer.echo(f"{name} is removed")


def _change(name: str, config: Path, changes: dict[str, Any], done: str, *, as_json: bool) -> None:
    changed = with_records(config, lambda records: records.consumers.change(name, changes))
    _print_done(changed, done, as_json=as_json)


def _print_done(record: Consumer, done: str, *, as_json: bool) -> None:
    if as_json:
        _print_record(record)
    else:
        typer.echo(f"{record.name} {done}")


def _print_record(record: Consumer) -> None:
    from hotgate.control.api import consumers as api  # noqa: PLC0415

    typer.echo(api.Consumer.of(record).model_dump_json(indent=2))


def _row(consumer: Consumer) -> tuple[str, ...]:
    return (
        consumer.name,
        "disabled" if consumer.is_disabled else "enabled",
        shown_list(consumer.groups),
        shown_list(consumer.roles),
        consumer.tier or "-",
        shown_time(consumer.created),
    )
