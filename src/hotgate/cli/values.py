"""Options that the commands for keys, consumers and revocations share, and how their values are read and shown."""

import time
from collections.abc import Sequence
from typing import Annotated

import typer

NEVER = "never"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, as the admin API does.")]
PageSize = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")]
After = Annotated[str, typer.Option(help="Only what comes after this one.")]
Metadata = Annotated[list[str] | None, typer.Option("--metadata", metavar="NAME=TEXT", help="May be repeated.")]


def moment(text: str | None) -> float | None:
    """Epoch seconds of a time (RFC 3339), of a duration from now (`90d`), or None of `never`. Raises BadParameter."""
    if text is None or text == NEVER:
        return None
    return _moment(text, 1, f"write a time (2027-01-31T00:00:00Z), a duration from now (90d) or {NEVER}")


def past_moment(text: str | None) -> float | None:
    """Epoch seconds of a time (RFC 3339) or of a duration ago (`2h`). Raises BadParameter, also for the future."""
    if text is None:
        return None
    found = _moment(text, -1, "write a time (2027-01-31T00:00:00Z) or how long ago it was (2h)")
    if found > time.time():
        raise typer.BadParameter("the time must not lie in the future")
    return found


def _moment(text: str, direction: int, expected: str) -> float:
    """direction: 1 when a duration counts from now on, -1 when it counts back."""
    from hotgate.config.timestamp import parse_timestamp  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)
    from hotgate.config.units import parse_duration  # noqa: PLC0415

    try:
        return time.time() + direction * parse_duration(text)
    except ValueError:
        pass  # it may be a time
    try:
        return parse_timestamp(text).timestamp()
    except ValueError:
        raise typer.BadParameter(expected) from None


def duration(text: str) -> float:
    """Seconds of `24h`. Raises BadParameter."""
    from hotgate.config.units import parse_duration  # noqa: PLC0415

    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def mapping(pairs: Sequence[str] | None) -> dict[str, str]:
    """Of `NAME=TEXT` each. Raises BadParameter."""
    split = [pair.partition("=") for pair in pairs or ()]
    if not all(name and equals for name, equals, _ in split):
        raise typer.BadParameter("write metadata as NAME=TEXT")
    return {name: text for name, _, text in split}


def shown_time(epoch: float | None) -> str:
    """To the second, in UTC."""
    from hotgate.control.api.fields import time_of  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)

    time = time_of(epoch)
    return "-" if time is None else f"{time:%Y-%m-%dT%H:%M:%SZ}"


def shown_list(names: Sequence[str]) -> str:
    """Names in one cell."""
    return " ".join(names) or "-"
