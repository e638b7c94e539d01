"""Reads what an operation takes, a body of JSON or a query, into its model. All of it is bounded."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect, Request

from hotgate.control.problem import Problem, WrongMember
from hotgate.control.unknown_member import unknown_member
from hotgate.identity.strict_json import parse_object

MOST_BYTES = 1024 * 1024
SECONDS = 10.0  # for the whole body
_MOST_ERRORS = 20
_LONGEST_NAME = 200
_CLOSE = {"connection": "close"}  # what is left of the body is not wanted

Steps = Sequence[str | int]
Model = TypeVar("Model", bound="Input")


class Input(BaseModel):
    """What a caller sends. A member that is not known is an error, and no error repeats a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _without_defaults(schema: dict[str, Any]) -> None:
    for member in schema.get("properties", {}).values():
        member.pop("default", None)


class Changes(Input):
    """Members that are to have another value. Those that are not sent stay, so the schema has no defaults: a client
    that was generated from it must not send them.
    """

    model_config = ConfigDict(json_schema_extra=_without_defaults)


class Nothing(Input):
    """No member at all."""


async def read_input(request: Request, model: type[Model], *, has_body: bool) -> Model:
    """The input of a request. Raises Problem."""
    query = _query(request)
    try:
        if not has_body:
            return model.model_validate_strings(query)
        if query:
            raise _invalid([WrongMember(name, "this operation takes no parameters") for name in query])
        return model.model_validate_json(await _object(request), strict=True)
    except ValidationError as error:
        raise _invalid(_wrong_members(error, model, _pointer if has_body else _parameter)) from None


async def _object(request: Request) -> bytes:
    """The body, which is one JSON object; none is `{}`. Raises Problem."""
    body = await _body(request)
    if not body:
        return b"{}"
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "not-json", "Send Content-Type: application/json.")
    try:
        parse_object(body)
    except ValueError as error:
        raise Problem(
            400, "json-invalid", f"The body is not a JSON object as it should be: {_reason(error)}."
        ) from None
    return body


async def _body(request: Request) -> bytes:
    if int(request.headers.get("content-length", "0")) > MOST_BYTES:
        raise _too_large()
    try:
        async with asyncio.timeout(SECONDS):
            return await _read(request)
    except TimeoutError:
        raise Problem(408, "body-too-slow", f"The body was not there within {SECONDS:g} s.", headers=_CLOSE) from None
    except ClientDisconnect:
        raise Problem(400, "body-incomplete", "The body ended too early.", headers=_CLOSE) from None


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _too_large()
    return bytes(body)


def _query(request: Request) -> dict[str, str]:
    pairs = request.query_params.multi_items()
    names = [name for name, _ in pairs]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise _invalid([WrongMember(_parameter([name]), "is there twice") for name in repeated[:_MOST_ERRORS]])
    return dict(pairs)


def _reason(error: ValueError) -> str:
    """Without the text itself, which the errors of decoders hold."""
    return str(error) if type(error) is ValueError else "not JSON in UTF-8"


def _too_large() -> Problem:
    return Problem(413, "body-too-large", f"A body may have at most {MOST_BYTES} bytes.", headers=_CLOSE)


def _invalid(errors: Sequence[WrongMember]) -> Problem:
    return Problem(422, "input-invalid", "The input is not as it should be; `errors` says where.", errors)


def _wrong_members(error: ValidationError, model: type[Input], shown: Callable[[Steps], str]) -> list[WrongMember]:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_ERRORS]
    unknown = {each["loc"]: unknown_member(model, each["loc"]) for each in found if each["type"] == "extra_forbidden"}
    return [WrongMember(shown(each["loc"]), unknown.get(each["loc"], _told(each["msg"]))) for each in found]


def _told(message: str) -> str:
    """Without what pydantic puts before the words of a validator."""
    return message.removeprefix("Value error, ")


def _pointer(steps: Steps) -> str:
    """RFC 6901 §3; the whole body is ""."""
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return "".join("/" + step for step in escaped)[:_LONGEST_NAME]


def _parameter(steps: Steps) -> str:
    return ".".join(map(str, steps))[:_LONGEST_NAME]
