"""Tokens for upstreams over the wire: whose are sent, and what becomes of a caller's own."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.policies.outgoing.shown_token import NoToken
from hotgate.runtime.worker_process.questions import Unanswered
from hotgate.testing.issuer import Issuer
from wire.leftovers import no_collection, objects, relays
from wire.message import Message
from wire.peer import turns
from wire.scenario import Wire, scenario

ISSUER = Issuer()
SECRET = "s3cret-of-the-client"
SERVER = {"token_url": "https://idp.example.com/token", "client": {"id": "gateway", "secret": SECRET}}
OWN = {"credentials": {"client_credentials": SERVER}, "max_requests": 1}
EXCHANGED = {"credentials": {"token_exchange": {**SERVER, "audience": "orders"}}, "max_requests": 1}
JWT = {
    "issuer": ISSUER.name,
    "audience": "api",
    "jwks_file": "unread.json",
    "token": {"bearer": False, "cookie": "session"},
}
SETTINGS: dict[str, Any] = {"identity": {"corp": {"jwt": JWT}, "guests": {"anonymous": {}}}}
CALLERS = {"public": False, "authenticate": ["corp", "guests"]}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
DENIED = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n"


class Control:
    """Answers what the worker asks, or does not. asked: what that was."""

    def __init__(self, wire: Wire, *, answers: bool = True) -> None:
        self._answers = answers
        self.asked: list[Mapping[str, Any]] = []
        self.prefix = "issued"
        self._wire = wire
        wire.gateway.reconfigure(wire.gateway.configuration, {"ask": self})

    async def __call__(self, about: str, body: Mapping[str, Any], wait: float) -> dict[str, Any]:
        assert about == "upstream_token"
        self.asked.append(body)
        if not self._answers:
            raise Unanswered("nobody answers")
        owner = body.get("subject", "gateway")[-20:]
        return {"token": f"{self.prefix}-for-{owner}", "good_for": 60.0, "renew_in": 45.0}


def request(*lines: bytes, target: bytes = b"/") -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: a", *lines, b"", b""])


def authorization(message: Message) -> list[bytes]:
    return message.get_all(b"authorization")


@pytest.mark.parametrize("name", [b"Authorization", b"AUTHORIZATION", b"aUTHORIZATION"])
@scenario(upstream=OWN)
async def test_the_gateways_own_token_is_sent_and_the_clients_is_not(wire: Wire, name: bytes) -> None:
    control = Control(wire)
    for _ in range(2):
        got, answer = await wire.exchange(request(name + b": Bearer mine"), ANSWER)
        assert authorization(got) == [b"Bearer issued-for-gateway"]
        assert b"issued" not in answer.body + repr(answer.fields).encode()
    assert len(control.asked) == 1
    assert "issued" not in str(wire.gateway.records.lines)


@scenario(upstream=OWN)
async def test_a_backend_that_denies_it_is_heard_and_its_answer_passed_on(wire: Wire) -> None:
    control = Control(wire)
    _, answer = await wire.exchange(request(), DENIED)
    assert answer.status == 401
    control.prefix = "renewed"
    await wire.exchange(request(), DENIED)
    assert len(control.asked) == 2
    assert control.asked[1]["rejected"]


@scenario(upstream=OWN)
async def test_without_a_token_no_request_reaches_the_backend(wire: Wire) -> None:
    client = await wire.send(request(b"Authorization: Bearer mine"))
    answer = await client.message()
    assert (answer.status, answer.get(b"retry-after")) == (503, b"1")
    assert b"upstream-credential-unavailable" in answer.body
    assert wire.upstream_metrics["connects"] == 0


@scenario(upstream=EXCHANGED, route=CALLERS, settings=SETTINGS)
async def test_a_callers_token_is_exchanged_and_sent_nowhere_else(wire: Wire) -> None:
    wire.gateway.services["key_sets"].replace(key_set_name("corp", "unread.json"), ISSUER.jwks())
    control = Control(wire)
    claims = {"iss": ISSUER.name, "sub": "alice", "aud": "api", "exp": int(time.time()) + 300}
    token = ISSUER.token(claims)
    lines = (b"Cookie: session=" + token + b"; theme=dark", b"Authorization: Bearer mine")
    for _ in range(2):
        got, _ = await wire.exchange(request(*lines), ANSWER)
        assert authorization(got) == [b"Bearer issued-for-" + token[-20:]]
        assert got.get_all(b"cookie") == [b"theme=dark"]
        assert got.get_all(b"x-auth-subject") == [b"alice"]
    (asked,) = control.asked
    assert asked["subject"] == token.decode()
    assert 290 < asked["good_for"] <= 330  # the leeway for clocks that differ is part of what it is good for


@scenario(upstream=EXCHANGED, route=CALLERS, settings=SETTINGS)
async def test_a_guest_has_nothing_to_exchange(wire: Wire) -> None:
    control = Control(wire)
    client = await wire.send(request())
    answer = await client.message()
    assert (answer.status, answer.get(b"www-authenticate")) == (401, b"Bearer")
    assert control.asked == []


@pytest.mark.usefixtures(no_collection.__name__)
@pytest.mark.parametrize("ways", [OWN, EXCHANGED], ids=["own", "exchanged"])
@pytest.mark.parametrize("answers", [True, False])
@scenario(route=CALLERS, settings=SETTINGS)
async def test_who_has_waited_for_a_token_leaves_nothing(wire: Wire, ways: dict[str, Any], answers: bool) -> None:
    before = objects(Unanswered)  # other tests may be given one
    wire.gateway.services["key_sets"].replace(key_set_name("corp", "unread.json"), ISSUER.jwks())
    target = f"http://127.0.0.1:{wire.backend.port}"
    wire.gateway.configuration = {**wire.gateway.configuration, "upstreams": {"api": {"targets": [target], **ways}}}
    Control(wire, answers=answers)
    claims = {"iss": ISSUER.name, "sub": "alice", "aud": "api", "exp": int(time.time()) + 300}
    cookie = b"Cookie: session=" + ISSUER.token(claims)
    for _ in range(3):
        if answers:
            await wire.exchange(request(cookie), ANSWER)
        else:
            client = await wire.send(request(cookie))
            assert (await client.message()).status == 503
    await turns(20)
    assert (relays(), objects(NoToken), objects(Unanswered)) == (0, 0, before)
