"""How `hotgate explain` is told of a request: its options, and the question that they make."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hotgate.config.loader import Loaded
    from hotgate.control.api.explain import GivenPrincipal, Question

ERROR = 2
_STANDARD_INPUT = "-"
_MAX_BYTES = 1024 * 1024  # of a file that is named

RequestLine = Annotated[
    str | None, typer.Argument(metavar="'METHOD TARGET'", help="As 'GET /orders/7'; GET may be left out.")
]
Token = Annotated[
    str | None,
    typer.Option(envvar="HOTGATE_TOKEN", help="A bearer token. Others see arguments: better in the environment."),
]
TokenFile = Annotated[str | None, typer.Option(help="A file with the token; - for the standard input.")]
ApiKey = Annotated[
    str | None, typer.Option(envvar="HOTGATE_API_KEY", help="An API key, for the first entry that takes some.")
]
ApiKeyFile = Annotated[str | None, typer.Option(help="A file with the key; - for the standard input.")]
HeaderLines = Annotated[list[str] | None, typer.Option(help="A header field, as 'Name: value'. Several may be.")]
HeaderFile = Annotated[str | None, typer.Option(help="A file with a field on each line; - likewise.")]
PrincipalFile = Annotated[
    str | None, typer.Option(help="A YAML or JSON file that says who calls: subject, provider, roles, claims, …")
]
Client = Annotated[str, typer.Option(help="The caller's address.")]
Host = Annotated[str, typer.Option(help="The Host field. Default: of an absolute target, or localhost.")]
Scheme = Annotated[str, typer.Option(help="https or http.")]
Body = Annotated[str | None, typer.Option(help="The body, or @FILE.")]
Certificate = Annotated[str | None, typer.Option(help="A file with the client's certificate, in PEM.")]
At = Annotated[str | None, typer.Option(help="When it is sent, as 2027-01-31T00:00:00Z. Default: now.")]


def failed(reason: str) -> typer.Exit:
    """Say why there is no answer; raise what is returned."""
    typer.echo(reason, err=True)
    return typer.Exit(ERROR)


def request_line(text: str | None) -> tuple[str, str]:
    """Method and target. Exits with 2 if there is none."""
    if not text:
        raise failed("name a request, as 'GET /orders/7'")
    method, space, target = text.strip().partition(" ")
    return (method.upper(), target.strip()) if space else ("GET", method)


def credential(text: str | None, file: str | None) -> str:
    """What was given, or stands in the file; empty if neither."""
    return (text or "").strip() if file is None else read_text(file).strip()


def header_fields(lines: list[str] | None, file: str | None) -> dict[str, list[str]]:
    """By lower-case name. Exits with 2 for a line that is no field."""
    found: dict[str, list[str]] = {}
    of_file = [] if file is None else [line for line in read_text(file).splitlines() if line.strip()]
    for line in [*(lines or []), *of_file]:
        name, colon, value = line.partition(":")
        if not colon:
            raise failed("write a header as 'Name: value'")
        found.setdefault(name.strip().lower(), []).append(value.strip())
    return found


def key_field(loaded: Loaded) -> str:
    """The field in which the first entry with API keys looks for them. Exits with 2 if none does."""
    entries = (entry.settings for entry in loaded.config.identity.values() if entry.mechanism == "api_key")
    name = next((settings.header for settings in entries if settings.header), None)
    if name is None:
        raise failed("no entry of `identity` takes API keys in a header field of their own; send it with --header")
    return str(name)


def body_of(text: str | None) -> str | None:
    """`@FILE` stands for what is in it."""
    return read_text(text[1:]) if text is not None and text.startswith("@") else text


def principal_in(file: str, loaded: Loaded) -> GivenPrincipal:
    """Who calls, as a file says. JSON is YAML too. Exits with 2 if it cannot be used."""
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)
    from hotgate.runtime.explaining.described_file import principal_of  # noqa: PLC0415

    try:
        return principal_of(read_text(file).encode(), file, loaded.config.identity)
    except ConfigurationErrors as unusable:
        raise failed(str(unusable)) from None


def read_text(name: str) -> str:
    """A file's text, or the standard input's. Exits with 2 if it cannot be read."""
    try:
        if name == _STANDARD_INPUT:
            return sys.stdin.read(_MAX_BYTES)
        with Path(name).open(encoding="utf-8") as opened:
            return opened.read(_MAX_BYTES)
    except OSError as error:
        raise failed(f"{name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise failed(f"{name} cannot be read: it is not UTF-8") from None


def question_of(**members: Any) -> Question:
    """What is not given is left to its default. Exits with 2 for what no request can have."""
    from pydantic import ValidationError  # noqa: PLC0415 (as above)

    from hotgate.config.messages import message_of  # noqa: PLC0415
    from hotgate.control.api.explain import Question  # noqa: PLC0415

    given = {name: value for name, value in members.items() if value not in (None, "")}
    try:
        return Question.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise failed("; ".join(f"{each['loc'][0]}: {message_of(each, '')}" for each in found)) from None
