"""A policy leaves behind what is no request, answer or principal: that exchange is denied, and nobody else notices."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from hotgate import Exchange, Response, policy
from hotgate.http.headers import Headers
from wire.samples import GET, OK, get
from wire.scenario import Wire, scenario

Statement = Callable[[Exchange], Any]


def _set(name: str, value: Any) -> Statement:
    return lambda exchange: setattr(exchange, name, value)


def _set_request(name: str, value: Any) -> Statement:
    return lambda exchange: setattr(exchange.request, name, value)


def _exit(_: Exchange) -> None:
    raise SystemExit(3)


_BEFORE: dict[str, Statement] = {
    "path is None": _set_request("path", None),
    "method is bytes": _set_request("method", b"GET"),
    "body is text": _set_request("body", "text"),
    "query is text": _set_request("query", "a=b"),
    "principal is text": _set("principal", "alice"),
    "answer_fields are text": _set("answer_fields", (("x-a", "b"),)),
    "answer_fields are split": _set("answer_fields", ((b"x-a", b"b\r\nc: d"),)),
    "answer_fields have a name that frames": _set("answer_fields", ((b"content-length ", b"9"),)),
    "answer_fields have a name with a value": _set("answer_fields", ((b"content-length: 9, x", b"b"),)),
    "answer_fields have no name": _set("answer_fields", ((b"", b"b"),)),
    "answer_fields hold NUL": _set("answer_fields", ((b"x-a", b"b\0"),)),
    "answer_fields are None": _set("answer_fields", None),
    "a body of text": lambda _: Response(200, body="text"),  # type: ignore[arg-type]
    "a code that is a number": lambda _: Response.problem(503, code=17),  # type: ignore[arg-type]
    "a detail that is an error": lambda _: Response.problem(503, code="x", log_detail=ValueError("x")),  # type: ignore[arg-type]
    "a field of text": lambda exchange: exchange.request.headers.fields.append(("x-a", "b")),  # type: ignore[arg-type]
    "a field that frames": lambda exchange: exchange.request.headers.fields.append((b"Content-Length", b"9")),
    "a field that frames, with a space": lambda exchange: exchange.request.headers.fields.append(
        (b"transfer-encoding ", b"chunked")
    ),
    "exit": _exit,
    "False": lambda _: False,
}


@pytest.mark.parametrize("statement", _BEFORE.values(), ids=list(_BEFORE))
def test_before_the_backend(statement: Statement) -> None:
    @policy(phase="authenticate")
    def careless(exchange: Exchange) -> Any:
        return statement(exchange) if exchange.request.path == "/bad" else None

    @scenario(policies=[careless])
    async def script(wire: Wire) -> None:
        client = await wire.send(get("/bad"))
        answer = await client.message()
        assert (answer.status, answer.code) == (500, "policy-failed")
        await _still_works(wire)

    script()


_AFTER: dict[str, Statement] = {
    "status is 999": lambda exchange: setattr(exchange.response, "status", 999),
    "status is text": lambda exchange: setattr(exchange.response, "status", "200"),
    "a field of text": lambda exchange: exchange.response.headers.fields.append(("x", "y")),  # type: ignore[union-attr,arg-type]
    "response is None": _set("response", None),
    "response is text": _set("response", "ok"),
    "exit": _exit,
}


@pytest.mark.parametrize("statement", _AFTER.values(), ids=list(_AFTER))
def test_after_the_backend(statement: Statement) -> None:
    @policy(phase="respond")
    def careless(exchange: Exchange) -> Any:
        return statement(exchange) if exchange.request.path == "/bad" else None

    @scenario(policies=[careless])
    async def script(wire: Wire) -> None:
        client = await wire.send(get("/bad"))
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(OK)
        answer = await client.message()
        assert (answer.status, answer.code) == (500, "policy-failed")
        await _still_works(wire)

    script()


def test_what_frames_an_answer_is_not_a_policys_to_say() -> None:
    @policy(phase="authorize")
    def careless(exchange: Exchange) -> None:
        exchange.answer_fields += ((b"Content-Length", b"99"), (b"transfer-encoding", b"chunked"), (b"x-a", b"b"))
        exchange.add_answer_fields((b"x-request-id", b"another"), (b"connection", b"close"))

    @scenario(policies=[careless])
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        backend = await wire.backend.accept()
        await backend.message()
        backend.send(OK)
        answer = await client.message()
        assert answer.length == 2
        assert answer.body == b"ok"
        assert (answer.get(b"transfer-encoding"), answer.get(b"connection")) == (None, None)
        assert answer.get(b"x-request-id") != b"another"
        assert answer.get(b"x-a") == b"b"

    script()


@pytest.mark.parametrize("phase", ["authorize", "respond"])
def test_nor_is_it_in_an_answer_of_its_own(phase: str) -> None:
    framing = [(b"Content-Length", b"0"), (b"Transfer-Encoding", b"chunked"), (b"Connection", b"x"), (b"Date", b"x")]

    @policy(phase=phase)
    def careless(exchange: Exchange) -> Response:
        return Response(200, Headers([*framing, (b"X-A", b"b")]), b"own")

    @scenario(policies=[careless])
    async def script(wire: Wire) -> None:
        client = await wire.send(GET)
        if phase == "respond":
            backend = await wire.backend.accept()
            await backend.message()
            backend.send(OK)
        answer = await client.message()
        assert (answer.body, answer.length, answer.get(b"x-a")) == (b"own", 3, b"b")
        assert (answer.get(b"transfer-encoding"), answer.get(b"connection")) == (None, None)
        assert answer.get(b"date") not in (None, b"x")

    script()


def test_nor_may_it_be_added_to_that_of_the_backend() -> None:
    @policy(phase="respond")
    def careless(exchange: Exchange) -> None:
        assert exchange.response is not None
        exchange.response.headers.fields += [(b"Content-Length", b"0"), (b"Transfer-Encoding", b"chunked")]

    @scenario(policies=[careless])
    async def script(wire: Wire) -> None:
        _, answer = await wire.exchange(GET, OK)
        assert (answer.body, answer.get(b"transfer-encoding")) == (b"ok", None)

    script()


def _no_content(exchange: Exchange) -> None:
    assert exchange.response is not None
    exchange.response.status = 204


def _masked(exchange: Exchange) -> Response:
    assert exchange.response is not None
    return Response(200, exchange.response.headers, b"masked")


def _with_the_same_fields(exchange: Exchange) -> Response:
    assert exchange.response is not None
    return Response(200, Headers(exchange.response.headers.fields), b"masked")


@pytest.mark.parametrize("change", [_no_content, _masked, _with_the_same_fields])
def test_an_answer_with_the_fields_of_another_says_each_once(change: Statement) -> None:
    @policy(phase="admit")
    def adds(exchange: Exchange) -> None:
        exchange.add_answer_fields((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"))

    @policy(phase="respond")
    def changes(exchange: Exchange) -> Any:
        return change(exchange)

    @scenario(policies=[adds, changes])
    async def script(wire: Wire) -> None:
        backends = b"HTTP/1.1 200 OK\r\nDate: Tue\r\nSet-Cookie: c=3\r\nContent-Length: 2\r\n\r\nok"
        _, answer = await wire.exchange(GET, backends)
        assert answer.get_all(b"set-cookie") == [b"c=3", b"a=1", b"b=2"]
        assert answer.get(b"date") != b"Tue"

    script()


def test_a_policy_that_cancels_itself() -> None:
    @policy(phase="authorize")
    async def careless(exchange: Exchange) -> None:
        if exchange.request.path == "/bad":
            raise asyncio.CancelledError

    @scenario(policies=[careless])
    async def script(wire: Wire) -> None:
        client = await wire.send(get("/bad"))
        assert (await client.message()).code == "policy-failed"
        await _still_works(wire)

    script()


async def _still_works(wire: Wire) -> None:
    """Another client is served, and time goes on."""
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    wire.gateway.advance(1)
    backend.send(OK)
    assert (await client.message()).body == b"ok"
