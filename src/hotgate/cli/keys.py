"""`hotgate keys`: API keys of the store."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.records import checked_configuration, refusal, with_records
from hotgate.cli.table import print_table
from hotgate.cli.values import (
    NEVER,
    After,
    AsJson,
    Metadata,
    PageSize,
    duration,
    mapping,
    moment,
    shown_list,
    shown_time,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hotgate.config.gateway import Gateway
    from hotgate.control.administration import Records
    from hotgate.control.key_administration import IssuedKey
    from hotgate.control.key_request import KeyRequest
    from hotgate.store.records import StoredKey

_COLUMNS = ("id", "consumer", "environment", "state", "ends with", "scopes", "expires", "last used")
_PAGE = 1000  # keys that are read at once
_MAX_IMPORT = 16 * 1024 * 1024  # bytes

keys = typer.Typer(name="keys", help="Make, list, change, rotate, revoke and import API keys.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(metavar="ID", help="The id of a key; it is a part of the key.")]
Names = list[str] | None
State = Literal["active", "not-yet-valid", "expired", "revoked"]  # as the admin API has it


@keys.command()
def create(
    consumer: Annotated[str, typer.Argument(help="Whose key it is.")],
    config: ConfigurationFile = DEFAULT_FILE,
    environment: Annotated[str, typer.Option("--environment", "-e", help="A part of the key's text.")] = "live",
    scope: Annotated[Names, typer.Option(help="A scope that it grants; may be repeated.")] = None,
    role: Annotated[Names, typer.Option(help="A role besides those of the consumer; may be repeated.")] = None,
    expires: Annotated[str | None, typer.Option(help="A time, or a duration from now: 90d.")] = None,
    not_before: Annotated[str | None, typer.Option(help="A time, or a duration from now.")] = None,
    limit: Annotated[str | None, typer.Option(help="A limit of its own: 100/minute.")] = None,
    network: Annotated[Names, typer.Option(help="Only from this address or block; may be repeated.")] = None,
    route: Annotated[Names, typer.Option(help="Only on this route; may be repeated.")] = None,
    metadata: Metadata = None,
    create_consumer: Annotated[bool, typer.Option("--create-consumer", help="Add the consumer if need be.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print it this once."""
    from hotgate.control.key_request import KeyRequest  # noqa: PLC0415 (heavy; `hotgate --help` must not wait for it)

    request = KeyRequest(
        consumer,
        environment,
        scopes=tuple(scope or ()),
        roles=tuple(role or ()),
        not_before=moment(not_before),
        expires=moment(expires),
        limit=limit,
        networks=tuple(network or ()),
        routes=tuple(route or ()),
        metadata=mapping(metadata),
    )

    issued = with_records(config, lambda records: records.keys.create(request, create_consumer=create_consumer))
    _print_issued(issued, as_json=as_json)
    for doubt in _doubts(checked_configuration(config), request):
        typer.echo(f"warning: {doubt}", err=True)


@keys.command("list")
def list_keys(
    config: ConfigurationFile = DEFAULT_FILE,
    consumer: Annotated[str | None, typer.Option(help="Only keys of this one.")] = None,
    state: Annotated[State | None, typer.Option(help="Only keys of this state.")] = None,
    limit: PageSize = 100,
    after: After = "",
    as_json: AsJson = False,
) -> None:
    """List keys by id."""
    found = with_records(config, lambda records: _found(records, consumer, state, after, limit))
    if as_json:
        from hotgate.control.api.fields import next_page  # noqa: PLC0415
        from hotgate.control.api.key_models import Key, Keys  # noqa: PLC0415

        page = Keys(
            items=[Key.of(key) for key in found], next=next_page(len(found), limit, found[-1].id if found else "")
        )
        typer.echo(page.model_dump_json(indent=2))
    else:
        print_table(_COLUMNS, [_row(key) for key in found])


@keys.command()
def show(key_id: KeyId, config: ConfigurationFile = DEFAULT_FILE) -> None:
    """Show everything about a key, which is never the key itself, as JSON."""
    _print_record(with_records(config, lambda records: records.keys.get(key_id)))


@keys.command()
def change(
    key_id: KeyId,
    config: ConfigurationFile = DEFAULT_FILE,
    scope: Annotated[Names, typer.Option(help="A scope that it grants; may be repeated.")] = None,
    role: Annotated[Names, typer.Option(help="A role besides those of the consumer; may be repeated.")] = None,
    expires: Annotated[str | None, typer.Option(help="A time, a duration from now (90d), or never.")] = None,
    not_before: Annotated[str | None, typer.Option(help="A time, a duration from now, or never.")] = None,
    limit: Annotated[str | None, typer.Option(help="A limit of its own: 100/minute.")] = None,
    network: Annotated[Names, typer.Option(help="Only from this address or block; may be repeated.")] = None,
    route: Annotated[Names, typer.Option(help="Only on this route; may be repeated.")] = None,
    metadata: Metadata = None,
    as_json: AsJson = False,
) -> None:
    """Replace what is given, and leave the rest. An empty text ("") stands for nothing."""
    from hotgate.control.key_request import KeyChanges  # noqa: PLC0415 (heavy; `hotgate --help` must not wait for it)

    changes = KeyChanges(
        scopes=_replaced(scope),
        roles=_replaced(role),
        not_before=_moved(not_before),
        expires=_moved(expires),
        limit=limit,
        networks=_replaced(network),
        routes=_replaced(route),
        metadata=None if metadata is None else mapping([pair for pair in metadata if pair]),
    )
    record = with_records(config, lambda records: records.keys.change(key_id, changes))
    if as_json:
        _print_record(record)
    else:
        typer.echo(f"{key_id} is changed")


@keys.command()
def rotate(
    key_id: KeyId,
    config: ConfigurationFile = DEFAULT_FILE,
    overlap: Annotated[str, typer.Option(help="How long the old key goes on: 24h, or 0s for not at all.")] = "24h",
    as_json: AsJson = False,
) -> None:
    """Make a key to replace another one, with the same attributes, and print it this once."""
    seconds = duration(overlap)
    issued = with_records(config, lambda records: records.keys.rotate(key_id, seconds))
    _print_issued(issued, as_json=as_json)
    typer.echo(f"{key_id} ends in {overlap}, if not before" if seconds else f"{key_id} has ended", err=True)


@keys.command()
def revoke(
    key_id: KeyId,
    config: ConfigurationFile = DEFAULT_FILE,
    reason: Annotated[str, typer.Option(help="For people who wonder later; callers are not told.")] = "",
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on, for good."""
    record = with_records(config, lambda records: records.keys.revoke(key_id, reason))
    if as_json:
        _print_record(record)
    else:
        typer.echo(f"{key_id} is revoked")


@keys.command("import")
def import_keys(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV or JSON lines; - for standard input.")],
    config: ConfigurationFile = DEFAULT_FILE,
    create_consumers: Annotated[bool, typer.Option("--create-consumers", help="Add consumers if need be.")] = False,
) -> None:
    """Take over keys of another system, or their SHA-256 digests: all of them, or none."""
    text = _content(file)
    imported = with_records(config, lambda records: records.key_import.run(text, create_consumers=create_consumers))
    typer.echo(f"imported {len(imported)} keys")


async def _found(
    records: Records, consumer: str | None, state: State | None, after: str, limit: int
) -> Sequence[StoredKey]:
    """The first `limit` keys of a state behind an id: as many pages are read as that takes."""
    from hotgate.control.api.key_models import state_of  # noqa: PLC0415

    found: list[StoredKey] = []
    size = limit if state is None else _PAGE
    while len(found) < limit:
        page = await records.keys.list(consumer, after, size)
        found += [key for key in page if state is None or state_of(key, time.time()) == state]
        if len(page) < size:
            break
        after = page[-1].id
    return found[:limit]


def _replaced(names: Names) -> tuple[str, ...] | None:
    return None if names is None else tuple(name for name in names if name)


def _moved(text: str | None) -> float | None:
    """What `KeyChanges` takes: a time, FOREVER to take it away, None to leave it."""
    from hotgate.control.key_request import FOREVER  # noqa: PLC0415

    if text in ("", NEVER):
        return FOREVER
    return moment(text)


def _content(file: str) -> str:
    try:
        with sys.stdin.buffer if file == "-" else open(file, "rb") as opened:  # noqa: PTH123 (the same for both)
            content = opened.read(_MAX_IMPORT + 1)
        if len(content) > _MAX_IMPORT:
            raise refusal(f"{file} is larger than {_MAX_IMPORT // 1024**2} MiB; split it")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise refusal(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise refusal(f"{file} is not UTF-8") from None


def _print_issued(issued: IssuedKey, *, as_json: bool) -> None:
    """The key goes to standard output alone, so that it can be piped to where it belongs."""
    from hotgate.control.api.key_models import NewlyIssuedKey  # noqa: PLC0415

    typer.echo(NewlyIssuedKey.issued(issued).model_dump_json(indent=2) if as_json else issued.key)
    record = issued.record
    end = "never" if record.expires is None else shown_time(record.expires)
    typer.echo(f"key {record.id} of {record.consumer}, environment {record.environment}, expires: {end}", err=True)
    typer.echo("Keep it now: it will not be shown again.", err=True)


def _doubts(configuration: Gateway, request: KeyRequest) -> Iterator[str]:
    """Why a key may open nothing. No errors: the configuration can follow."""
    known = {route.name for route in configuration.routes}
    yield from (f"there is no route {name!r}" for name in request.routes if name not in known)
    entries = [entry.settings for entry in configuration.identity.values() if entry.mechanism == "api_key"]
    if request.environment not in {settings.environment for settings in entries}:
        yield f"no `api_key` entry accepts keys of the environment {request.environment!r}"


def _print_record(record: StoredKey) -> None:
    from hotgate.control.api.key_models import Key  # noqa: PLC0415

    typer.echo(Key.of(record).model_dump_json(indent=2))


def _row(key: StoredKey) -> tuple[str, ...]:
    from hotgate.control.api.key_models import state_of  # noqa: PLC0415

    return (
        key.id,
        key.consumer,
        key.environment,
        state_of(key, time.time()),
        f"…{key.hint}" if key.hint else "-",
        shown_list(key.scopes),
        shown_time(key.expires),
        shown_time(key.last_used),
    )
