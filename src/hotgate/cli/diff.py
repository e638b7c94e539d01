"""`hotgate diff`: what another configuration would change, for its keys and for requests that were recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotgate.cli.explain import read_configuration
from hotgate.cli.request_options import failed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hotgate.config.loader import Loaded
    from hotgate.runtime.explaining.changed_keys import KeyChange
    from hotgate.runtime.explaining.recorded import LogReader
    from hotgate.runtime.explaining.replay import Change, Comparison, Outcome

DIFFERENT = 1
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_UNKNOWN = (
    "Not in a log, so not replayed: header fields, query, body, claims and certificates; in an access log, scopes, "
    "roles and groups as well. Limits are taken as untouched."
)


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The configuration as it is.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The configuration as it would be.")],
    replay: Annotated[
        list[str] | None,
        typer.Option(
            "--replay",
            metavar="LOG",
            help="An access log or log of decisions, packed or not; - for the standard input.",
        ),
    ] = None,
) -> None:
    """Say which routes differ, and which recorded requests would be decided otherwise. Exits with 1 if anything does, 2
    on an error.
    """
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415 (heavy; `--help` must not wait)
    from hotgate.runtime.explaining.changed_keys import changed_keys  # noqa: PLC0415

    after = read_configuration(new)
    before = read_configuration(old)  # last, so that modules are sought in its folder first
    changes = list(changed_keys(before, after))
    for change in changes:
        typer.echo(_key_line(change))
    if not replay:
        typer.echo("no key differs" if not changes else f"{len(changes)} differ")
        raise typer.Exit(DIFFERENT if changes else 0)
    try:
        comparison = asyncio.run(_replayed(before, after, replay))
    except ConfigurationErrors as errors:
        raise failed(str(errors)) from None
    raise typer.Exit(DIFFERENT if comparison.changed else 0)


async def _replayed(before: Loaded, after: Loaded, logs: Sequence[str]) -> Comparison:
    from hotgate.runtime.explaining.alone import explaining_alone  # noqa: PLC0415 (as above)
    from hotgate.runtime.explaining.recorded import LogReader  # noqa: PLC0415
    from hotgate.runtime.explaining.replay import Comparison  # noqa: PLC0415

    reader = LogReader()
    async with explaining_alone(before, offline=True) as old, explaining_alone(after, offline=True) as new:
        comparison = Comparison(old, new)
        for log in logs:
            try:
                for record in reader.records(log):
                    await comparison.compare(record)
            except OSError as error:
                raise failed(f"{log} cannot be read: {error.strerror}") from None
    if not comparison.replayed and (reader.broken or reader.cut):
        raise failed(f"nothing was replayed: no line of {', '.join(logs)} is a record")
    for line in _report(comparison, reader):
        typer.echo(line)
    return comparison


def _report(comparison: Comparison, reader: LogReader) -> Iterator[str]:
    yield f"{comparison.replayed} requests replayed, {comparison.changed} would be decided otherwise"
    changes = sorted(comparison.changes.values(), key=lambda change: (not change.is_certain, -change.count))
    for change in changes:
        yield from _change_lines(change)
    if comparison.uncounted:
        yield f"  and {comparison.uncounted} requests in other ways"
    if comparison.unlike:
        yield f"{comparison.unlike} were decided by something that the log does not have; changes of them are marked ?"
    if broken := reader.broken + comparison.unreadable:
        yield f"{broken} lines are no records"
    if reader.cut:
        yield f"{reader.cut} logs end too early"
    yield _UNKNOWN


def _change_lines(change: Change) -> Iterator[str]:
    mark = "" if change.is_certain else "? "
    yield f"  {mark}{change.count} x {_outcome(change.old)} -> {_outcome(change.new)}  {change.at}"
    for example in change.examples:
        yield f"      {_printable(example)}"


def _outcome(outcome: Outcome) -> str:
    by = f" by {outcome.policy} {outcome.rule}".rstrip() if outcome.policy else ""
    code = f" {outcome.code}" if outcome.code else ""
    upstream = f" to {outcome.upstream}" if outcome.upstream else ""
    return f"[{outcome.route or 'no route'}] {outcome.decision}{code}{by}{upstream}"


def _key_line(change: KeyChange) -> str:
    keys = f": {', '.join(change.keys)}" if change.keys else ""
    return f"{_SIGNS[change.kind]} {change.what}{keys}  {change.at}"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
