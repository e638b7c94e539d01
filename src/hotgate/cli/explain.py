"""`hotgate explain`: what would become of a request, which rule decides, and where it stands in the file."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

# At run time: Typer reads the annotations of the command.
from hotgate.cli.configuration import DEFAULT_FILE, ConfigurationFile
from hotgate.cli.request_options import (
    ApiKey,
    ApiKeyFile,
    At,
    Body,
    Certificate,
    Client,
    HeaderFile,
    HeaderLines,
    Host,
    PrincipalFile,
    RequestLine,
    Scheme,
    Token,
    TokenFile,
    body_of,
    credential,
    failed,
    header_fields,
    key_field,
    principal_in,
    question_of,
    read_text,
    request_line,
)
from hotgate.cli.values import AsJson

if TYPE_CHECKING:
    from pathlib import Path

    from hotgate.config.loader import Loaded
    from hotgate.control.api.explain import Explained, Question

DENIED = 1

Offline = Annotated[bool, typer.Option("--offline", help="Ask neither a running gateway nor any address for keys.")]
AskForTicket = Annotated[
    bool, typer.Option("--ticket", help="Print a ticket for `Hotgate-Explain`, good for ten minutes, and end.")
]


def explain(
    request: RequestLine = None,
    config: ConfigurationFile = DEFAULT_FILE,
    token: Token = None,
    token_file: TokenFile = None,
    api_key: ApiKey = None,
    api_key_file: ApiKeyFile = None,
    header: HeaderLines = None,
    header_file: HeaderFile = None,
    principal: PrincipalFile = None,
    client: Client = "127.0.0.1",
    host: Host = "",
    scheme: Scheme = "https",
    body: Body = None,
    certificate: Certificate = None,
    at: At = None,
    as_json: AsJson = False,
    offline: Offline = False,
    ticket: AskForTicket = False,
) -> None:
    """Say what would become of a request, and why. Exits with 0 if it is allowed, 1 if denied, 2 on an error.

    A running gateway of the configuration is asked, with its keys, limits and store; nothing is consumed. Without one,
    this command looks at the files itself.
    """
    loaded = read_configuration(config)
    if ticket:
        _print_ticket(loaded)
        return
    headers = header_fields(header, header_file)
    if bearer := credential(token, token_file):
        _add(headers, "authorization", f"Bearer {bearer}")
    if key := credential(api_key, api_key_file):
        _add(headers, key_field(loaded), key)
    method, target = request_line(request)
    question = question_of(
        method=method,
        target=target,
        host=host,
        scheme=scheme,
        headers=headers,
        client=client,
        body=body_of(body),
        certificate=None if certificate is None else read_text(certificate),
        at=at,
        principal=None if principal is None else principal_in(principal, loaded),
    )
    _tell(_explained(loaded, question, offline=offline), as_json=as_json)


def _add(headers: dict[str, list[str]], name: str, value: str) -> None:
    headers.setdefault(name.lower(), []).append(value)


def _tell(explained: Explained, *, as_json: bool) -> None:
    from hotgate.cli.explained_text import text_of  # noqa: PLC0415 (heavy; `hotgate --help` must not wait)

    typer.echo(explained.model_dump_json(indent=2) if as_json else text_of(explained))
    raise typer.Exit(DENIED if explained.decision == "deny" else 0)


def read_configuration(config: Path) -> Loaded:
    """Exits with 2 if something is wrong with it."""
    from hotgate.cli.configuration import load_configuration  # noqa: PLC0415 (as above)
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415

    try:
        loaded = load_configuration(config)
    except ConfigurationErrors as errors:
        raise failed(str(errors)) from None
    # Policies of the user's own are modules in the configuration's folder, as they are when the gateway runs.
    sys.path.insert(0, str(config.resolve().parent))
    return loaded


def _explained(loaded: Loaded, question: Question, *, offline: bool) -> Explained:
    from hotgate.config.errors import ConfigurationErrors  # noqa: PLC0415 (as above)
    from hotgate.control.api.explain import Explained  # noqa: PLC0415

    if not offline:
        asked = {"type": "explain_request", "question": question.model_dump(mode="json", exclude_unset=True)}
        answer = _answer(loaded, asked)
        if answer is not None:
            return Explained.model_validate(answer["explained"])
    try:
        return asyncio.run(_alone(loaded, question, offline=offline))
    except ConfigurationErrors as errors:
        raise failed(str(errors)) from None
    except ValueError as error:
        raise failed(f"cannot be explained: {error}") from None


def _answer(loaded: Loaded, message: dict[str, Any]) -> dict[str, Any] | None:
    """Of the gateway; None if none runs. Exits with 2 if it cannot say."""
    from hotgate.runtime.desks.operator_request import NotAnswered, NotRunning, ask_gateway_of  # noqa: PLC0415

    try:
        answer = ask_gateway_of(loaded, message)
    except NotRunning:
        return None
    except NotAnswered as error:
        raise failed(str(error)) from None
    if answer["reason"]:
        raise failed(str(answer["reason"]))
    return answer


async def _alone(loaded: Loaded, question: Question, *, offline: bool) -> Explained:
    from hotgate.runtime.explaining.alone import explaining_alone  # noqa: PLC0415 (as above)

    async with explaining_alone(loaded, offline=offline) as explainer:
        return await explainer.explain(question)


def _print_ticket(loaded: Loaded) -> None:
    answer = _answer(loaded, {"type": "make_explain_ticket"})
    if answer is None:
        raise failed("no gateway of this configuration is running")
    typer.echo(answer["ticket"])
    minutes = max(0.0, (float(answer["expires"]) - time.time()) / 60)
    typer.echo(f"good for {minutes:.0f} minutes; send it as `Hotgate-Explain`", err=True)
