"""`hotgate explain`: what would become of a request, which rule decides, and where it stands in the file."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile

if TYPE_CHECKING:
    from hotgate.config.loader import Loaded
    from hotgate.control.api.explain import Explained, Question

DENIED, ERROR = 1, 2
_STANDARD_INPUT = "-"
_MAX_BYTES = 1024 * 1024  # of a file that is named


def explain(
    request: Annotated[
        str | None, typer.Argument(metavar="'METHOD TARGET'", help="As 'GET /orders/7'; GET may be left out.")
    ] = None,
    config: ConfigurationFile = DEFAULT_FILE,
    token: Annotated[
        str | None,
        typer.Option(envvar="HOTGATE_TOKEN", help="A bearer token. Others see arguments: better in the environment."),
    ] = None,
    token_file: Annotated[str | None, typer.Option(help="A file with the token; - for the standard input.")] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="HOTGATE_API_KEY", help="An API key, for the first entry that takes some.")
    ] = None,
    api_key_file: Annotated[str | None, typer.Option(help="A file with the key; - for the standard input.")] = None,
    header: Annotated[list[str] | None, typer.Option(help="A header field, as 'Name: value'. Several may be.")] = None,
    header_file: Annotated[str | None, typer.Option(help="A file with a field on each line; - likewise.")] = None,
    principal: Annotated[
        Path | None, typer.Option(help="A YAML or JSON file that says who calls: subject, provider, roles, claims, …")
    ] = None,
    client: Annotated[str, typer.Option(help="The caller's address.")] = "127.0.0.1",
    host: Annotated[str, typer.Option(help="The Host field. Default: of an absolute target, or localhost.")] = "",
    scheme: Annotated[str, typer.Option(help="https or http.")] = "https",
    body: Annotated[str | None, typer.Option(help="The body, or @FILE.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="The client's certificate, in PEM.")] = None,
    at: Annotated[str | None, typer.Option(help="When it is sent, as 2027-01-31T00:00:00Z. Default: now.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, as the admin API does.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask neither a running gateway nor any address for keys.")
    ] = False,
    ticket: Annotated[
        bool, typer.Option("--ticket", help="Print a ticket for `Hotgate-Explain`, good for ten minutes, and end.")
    ] = False,
) -> None:
    """Say what would become of a request, and why. Exits with 0 if it is allowed, 1 if denied, 2 on an error.

    A running gateway of the configuration is asked, with its keys, limits and store; nothing is consumed. Without one,
    this command looks at the files itself.
    """
    from hotgate.cli.explained_text import text_of  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)

    if ticket:
        _print_ticket(config)
        return
    loaded = checked_configuration_of(config)
    credentials = [
        ("authorization", _credential(token, token_file), "Bearer "),
        (_key_field(loaded), _credential(api_key, api_key_file), ""),
    ]
    headers = _headers([*(header or []), *_lines(header_file)])
    for name, value, prefix in credentials:
        if value:
            headers.setdefault(name, []).append(prefix + value)
    method, target = _request_line(request)
    question = _question(
        method=method,
        target=target,
        host=host,
        scheme=scheme,
        headers=headers,
        client=client,
        body=_body(body),
        certificate=None if certificate is None else _content(certificate),
        at=at,
        principal=None if principal is None else _mapping(principal),
    )
    explained = _explained(loaded, question, offline=offline)
    typer.echo(explained.model_dump_json(indent=2) if as_json else text_of(explained))
    raise typer.Exit(DENIED if explained.decision == "deny" else 0)


def failed(reason: str) -> typer.Exit:
    """Say why there is no answer; raise what is returned."""
    typer.echo(reason, err=True)
    return typer.Exit(ERROR)


def _explained(loaded: Loaded, question: Question, *, offline: bool) -> Explained:
    from hotgate.control.api.explain import Explained  # noqa: PLC0415 (as above)
    from hotgate.runtime.desks.operator_request import NotAnswered, NotRunning, ask_gateway  # noqa: PLC0415

    if not offline:
        try:
            asked = {"type": "explain_request", "question": question.model_dump(mode="json", exclude_unset=True)}
            answer = ask_gateway(loaded.file, asked)
        except NotRunning:
            pass  # then the command looks itself
        except NotAnswered as error:
            raise failed(str(error)) from None
        else:
            if answer["reason"]:
                raise failed(str(answer["reason"]))
            return Explained.model_validate(answer["explained"])
    try:
        return asyncio.run(_alone(loaded, question, offline=offline))
    except ValueError as error:
        raise failed(f"cannot be explained: {error}") from None


async def _alone(loaded: Loaded, question: Question, *, offline: bool) -> Explained:
    from hotgate.runtime.explaining.alone import explainer_alone  # noqa: PLC0415 (as above)

    return await (await explainer_alone(loaded, offline=offline)).explain(question)


def _print_ticket(config: Path) -> None:
    from hotgate.cli.request import ask  # noqa: PLC0415 (as above)

    answer = ask(config, "make_explain_ticket")
    typer.echo(answer["ticket"])
    minutes = max(0.0, (float(answer["expires"]) - time.time()) / 60)
    typer.echo(f"good for {minutes:.0f} minutes; send it as `Hotgate-Explain`", err=True)


def checked_configuration_of(config: Path) -> Loaded:
    """Checked, for what does not compile cannot be explained. Exits with 2 if something is wrong."""
    from hotgate.cli.check import checked  # noqa: PLC0415 (as above)
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415
    from hotgate.runtime.compiling.load import deep_errors  # noqa: PLC0415

    try:
        return checked(config, deep_errors)
    except ConfigurationErrors as errors:
        raise failed(str(errors)) from None


def _question(**members: Any) -> Question:
    from pydantic import ValidationError  # noqa: PLC0415 (as above)

    from hotgate.control.api.explain import Question  # noqa: PLC0415

    given = {name: value for name, value in members.items() if value not in (None, "")}
    try:
        return Question.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise failed("; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)) from None


def _request_line(request: str | None) -> tuple[str, str]:
    if not request:
        raise failed("name a request, as 'GET /orders/7'")
    method, space, target = request.strip().partition(" ")
    return (method.upper(), target.strip()) if space else ("GET", method)


def _key_field(loaded: Loaded) -> str:
    """The field in which the first entry with API keys looks for them."""
    entries = (entry.settings for entry in loaded.config.identity.values() if entry.mechanism == "api_key")
    return next((settings.header for settings in entries if settings.header), "x-api-key")


def _credential(text: str | None, file: str | None) -> str:
    return (text or "").strip() if file is None else _read(file).strip()


def _headers(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise failed("write a header as 'Name: value'")
        found.setdefault(name.strip().lower(), []).append(value.strip())
    return found


def _lines(file: str | None) -> list[str]:
    return [] if file is None else [line for line in _read(file).splitlines() if line.strip()]


def _body(body: str | None) -> str | None:
    return _read(body[1:]) if body is not None and body.startswith("@") else body


def _mapping(file: Path) -> dict[str, Any]:
    """JSON is YAML too. Bounded and without tags, as the configuration."""
    from hotgate.config.document import parse  # noqa: PLC0415 (as above)
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415
    from hotgate.config.variables import Variables  # noqa: PLC0415

    try:
        tree, errors = parse(_content(file).encode(), str(file), Variables({}))
    except ConfigurationErrors as unusable:
        raise failed(str(unusable)) from None
    if errors:
        raise failed("\n".join(map(str, errors)))
    return dict(tree)


def _content(file: Path) -> str:
    return _read(str(file))


def _read(name: str) -> str:
    """A file's text, or the standard input's."""
    try:
        if name == _STANDARD_INPUT:
            return sys.stdin.read(_MAX_BYTES)
        with Path(name).open(encoding="utf-8") as opened:
            return opened.read(_MAX_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise failed(f"{name} cannot be read: {error}") from None
