"""Opaque tokens through the data plane: what the backend gets, what the log says, and what is asked."""

import asyncio
import json
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from wire.message import Message
from wire.samples import OK, get
from wire.scenario import Wire, scenario

SETTINGS: dict[str, Any] = {
    "issuer": "https://idp.test",
    "audience": "api",
    "client": {"id": "gateway", "secret": "s"},
}
CLAIMS = {"active": True, "aud": "api", "sub": "ada", "scope": "read"}
JWT = "aGVhZA.Y2xhaW1z.c2ln"
ROUTE: dict[str, Any] = {"public": False, "authenticate": ["opaque"]}


def entry(**changes: Any) -> dict[str, Any]:
    return {"identity": {"opaque": {"introspection": {**SETTINGS, **changes}}}}


class Control:
    """A control process that answers what a test sets. asked: tokens. gate: what it waits for before it answers."""

    def __init__(self, wire: Wire) -> None:
        self.asked: list[str] = []
        self.claims: dict[str, Any] = dict(CLAIMS)
        self.answer: dict[str, Any] = {"active": True, "keep": 60.0, "jwt": JWT}
        self.gate = asyncio.Event()
        self.gate.set()
        wire.gateway.services["ask"] = self.ask
        wire.gateway.reconfigure(wire.gateway.configuration)

    async def ask(self, about: str, body: Any, wait: float) -> Any:
        self.asked.append(body["token"])
        await self.gate.wait()
        return {"claims": json.dumps(self.claims), **self.answer}


async def received_twice(wire: Wire, request: bytes) -> list[Message]:
    """What the backend got when the token was unknown, and when it was known."""
    client = await wire.send(request)
    backend = await wire.backend.accept()
    received = []
    for _ in range(2):
        received.append(await backend.message())
        backend.send(OK)
        assert (await client.message()).status == 200
        if len(received) == 1:
            client.send(request)
    return received


async def refused(wire: Wire, request: bytes) -> Message:
    client = await wire.send(request)
    return await client.message()


@scenario(route=ROUTE, settings=entry())
async def test_the_backend_is_told_who_calls_and_gets_no_token(wire: Wire) -> None:
    control = Control(wire)
    for received in await received_twice(wire, get("/", "Authorization: Bearer s3cret-t0ken")):
        assert (received.get(b"x-auth-subject"), received.get(b"x-auth-scopes")) == (b"ada", b"read")
        assert b"authorization" not in dict(received.fields)
    assert control.asked == ["s3cret-t0ken"]
    assert wire.last_record["subject"] == "ada"
    assert "s3cret" not in str(wire.gateway.records.lines)


@scenario(route=ROUTE, settings=entry(forward="token"))
async def test_the_backend_may_get_the_token(wire: Wire) -> None:
    Control(wire)
    received, _ = await wire.exchange(get("/", "Authorization: Bearer t0ken"), OK)
    assert received.get(b"authorization") == b"Bearer t0ken"


@scenario(route=ROUTE, settings=entry(answer="signed", forward="answer"))
async def test_the_backend_may_get_what_the_issuer_has_signed(wire: Wire) -> None:
    """The phantom token: opaque outside, signed inside."""
    Control(wire)
    for received in await received_twice(wire, get("/", "Authorization: Bearer t0ken")):
        assert [value for name, value in received.fields if name == b"authorization"] == [b"Bearer " + JWT.encode()]


@scenario(route=ROUTE, settings=entry(answer="signed", forward="answer", token={"bearer": False, "cookie": "session"}))
async def test_a_field_of_the_clients_own_does_not_pass_for_the_signed_answer(wire: Wire) -> None:
    Control(wire)
    received, _ = await wire.exchange(get("/", "Cookie: session=t0ken", "Authorization: Bearer forged"), OK)
    assert [value for name, value in received.fields if name == b"authorization"] == [b"Bearer " + JWT.encode()]
    assert b"cookie" not in dict(received.fields)


DEVICES = {"api_key": {"header": "x-device", "keys": [{"id": "p", "sha256": sha256(b"a" * 16).hexdigest()}]}}
GROUP = entry(answer="signed", forward="answer")
GROUP["identity"]["devices"] = DEVICES


@scenario(route={"public": False, "authenticate": [{"all": ["devices", "opaque"]}]}, settings=GROUP)
async def test_the_signed_answer_comes_also_from_a_group_that_another_leads(wire: Wire) -> None:
    Control(wire)
    received, _ = await wire.exchange(get("/", "Authorization: Bearer t0ken", "X-Device: " + "a" * 16), OK)
    assert received.get(b"x-auth-provider") == b"devices"
    assert received.get(b"authorization") == b"Bearer " + JWT.encode()


def inactive(control: Control) -> None:
    control.answer["active"] = False


def unavailable(control: Control) -> None:
    control.answer.update(active=None, reason="its issuer has failed too often", retry_after=3.0)


def for_another_audience(control: Control) -> None:
    control.claims["aud"] = "other"


def expired(control: Control) -> None:
    control.claims["exp"] = time.time() - 100


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (inactive, 401, "token-inactive"),
        (unavailable, 503, "introspection-unavailable"),
        (for_another_audience, 401, "token-audience-mismatch"),
        (expired, 401, "token-expired"),
    ],
)
@scenario(route=ROUTE, settings=entry())
async def test_refusals(wire: Wire, change: Callable[[Control], None], status: int, code: str) -> None:
    change(Control(wire))
    answer = await refused(wire, get("/", "Authorization: Bearer t0ken"))
    assert (answer.status, wire.last_record["code"]) == (status, code)
    if status == 401:
        challenge = answer.get(b"www-authenticate")
        assert challenge is not None
        assert challenge.startswith(b'Bearer realm="opaque", error="invalid_token"')
    else:
        assert answer.get(b"retry-after") == b"3"


@scenario(route=ROUTE, settings=entry())
async def test_a_client_that_leaves_while_its_token_is_asked_about_harms_nobody(wire: Wire) -> None:
    control = Control(wire)
    control.gate.clear()
    leaving = await wire.send(get("/", "Authorization: Bearer t0ken"))
    await wire.until_connected(1)
    staying = await wire.send(get("/", "Authorization: Bearer t0ken"))
    await wire.until_connected(2)
    leaving.reset()
    await wire.until_connected(1)
    control.gate.set()
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await staying.message()).status == 200
    assert control.asked == ["t0ken"]


@scenario(route=ROUTE, settings=entry())
async def test_without_a_control_process_unknown_tokens_are_neither_good_nor_bad(wire: Wire) -> None:
    answer = await refused(wire, get("/", "Authorization: Bearer t0ken"))
    assert (answer.status, wire.last_record["code"]) == (503, "introspection-unavailable")


@scenario(route=ROUTE, settings=entry(certificate_bound="required"))
async def test_a_token_that_must_be_bound(wire: Wire) -> None:
    Control(wire)
    answer = await refused(wire, get("/", "Authorization: Bearer t0ken"))
    assert (answer.status, wire.last_record["code"]) == (401, "token-binding-mismatch")


@scenario(route=ROUTE, settings=entry())
async def test_a_bound_token_is_worth_nothing_on_another_connection(wire: Wire) -> None:
    control = Control(wire)
    control.claims["cnf"] = {"x5t#S256": "A" * 43}
    for _ in range(2):
        answer = await refused(wire, get("/", "Authorization: Bearer t0ken"))
        assert (answer.status, wire.last_record["code"]) == (401, "token-binding-mismatch")
