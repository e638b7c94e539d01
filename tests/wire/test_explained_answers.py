"""`Hotgate-Explain`: an operator's ticket makes an answer say what decided; nothing else shows that anybody looks."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from hotgate import Exchange, Response, policy
from hotgate.keys.explain_ticket import LIFE, new_ticket
from hotgate.keys.sealing_ring import SealingKey, SealingRing, SealingRingHolder
from hotgate.policies.explaining.explained_answers import MAX_BYTES
from wire.message import Message
from wire.samples import CHUNKED_POST, OK, chunk, get
from wire.scenario import Wire, scenario

RING = SealingRing([SealingKey.generate(0.0)])
EXPLAINS = {"admin": {"explain": True}}


@policy(phase="authorize")
def closed(exchange: Exchange) -> Response | None:
    if exchange.request.path == "/closed":
        return Response.problem(403, code="closed", log_detail="only at night\r\nx-injected: yes")
    return None


def use_keys(wire: Wire, ring: SealingRing = RING, asked: list[Any] | None = None) -> None:
    """What the control process sends; it is asked for positions."""
    holder = SealingRingHolder()
    holder.ring = ring

    async def ask(about: str, body: Any, wait: float | None = None) -> Any:
        if asked is None:
            raise RuntimeError("nobody is there")
        asked.append((about, body))
        return "hotgate.yaml:7"

    wire.gateway.reconfigure(wire.gateway.configuration, {"session_keys": holder, "ask": ask})


def ticket(ring: SealingRing = RING, *, age: float = 0.0) -> str:
    return new_ticket(ring, time.time() - age)[0]


def asks(path: str, *tickets: str, name: str = "Hotgate-Explain") -> bytes:
    return get(path, *(f"{name}: {each}" for each in tickets))


def facts(answer: Message) -> Any:
    value = answer.get(b"hotgate-explain")
    assert value is not None
    return json.loads(value)


@scenario(policies=[closed], settings=EXPLAINS)
async def test_a_refused_request_says_what_refused_it_and_where(wire: Wire) -> None:
    asked: list[Any] = []
    use_keys(wire, asked=asked)
    client = await wire.send(asks("/closed", ticket()))
    answer = await client.message()
    told = facts(answer)
    assert (answer.status, told["code"], told["route"]) == (403, "closed", "all")
    assert told["detail"] == "only at night\r\nx-injected: yes"
    assert told["decision"]["policy"] == "policies"
    assert told["decision"]["at"] == "hotgate.yaml:7"
    assert asked == [("positions", ["routes", 0, "policies"])]
    assert answer.get(b"x-injected") is None
    assert answer.get(b"cache-control") == b"no-store"


@scenario(policies=[closed], settings=EXPLAINS)
async def test_without_the_control_process_there_is_the_key_of_the_file(wire: Wire) -> None:
    use_keys(wire)
    client = await wire.send(asks("/closed", ticket()))
    decision = facts(await client.message())["decision"]
    assert (decision["path"], decision["at"]) == ("routes[0].policies", "")


@scenario(policies=[closed], settings=EXPLAINS)
async def test_an_answer_of_the_backend_is_explained_and_it_sees_nothing(wire: Wire) -> None:
    use_keys(wire)
    shown = ticket()
    received, answer = await wire.exchange(asks("/open", shown, "second"), OK)
    assert received.get(b"hotgate-explain") is None
    assert shown.encode() not in b"".join(value for _, value in received.fields)
    assert facts(answer)["route"] == "all"
    assert answer.body == b"ok"


@scenario(settings=EXPLAINS, routes=[])
async def test_a_request_that_no_route_wants_is_explained_too(wire: Wire) -> None:
    use_keys(wire)
    client = await wire.send(asks("/nowhere", ticket()))
    assert facts(await client.message())["code"] == "route-not-found"


def changed(good: str) -> str:
    """In one figure of its random part."""
    return good[:20] + ("0" if good[20] != "0" else "1") + good[21:]


BAD = {
    "none": "",
    "made up": "hgx_" + "0" * 96,
    "cut": ticket()[:-2],
    "longer": ticket() + "00",
    "in capitals": "hgx_" + ticket()[4:].upper(),
    "over": ticket(age=LIFE + 1),
    "of the future": ticket(age=-4000),
    "of another gateway": ticket(SealingRing([SealingKey.generate(0.0)])),
    "changed": changed(ticket()),
    "not ASCII": "hgx_\xff" + "0" * 95,
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("path", ["/closed", "/open"])
def test_a_bad_ticket_is_as_good_as_none(path: str, bad: str) -> None:
    @scenario(policies=[closed], settings=EXPLAINS)
    async def script(wire: Wire) -> None:
        asked: list[Any] = []
        use_keys(wire, asked=asked)
        answers = []
        backend = None
        for request in (asks(path, bad), get(path)):
            client = await wire.send(request)
            if path == "/open":
                backend = backend or await wire.backend.accept()
                received = await backend.message()
                assert received.get(b"hotgate-explain") is None
                backend.send(OK)
            answers.append(await client.message())
        shown = [[name for name, _ in each.fields] for each in answers]
        assert shown[0] == shown[1]
        assert b"hotgate-explain" not in shown[0]
        assert not asked

    script()


@scenario(policies=[closed], settings=EXPLAINS)
async def test_a_ticket_dies_with_the_key_that_has_made_it(wire: Wire) -> None:
    shown = ticket()
    use_keys(wire, SealingRing([*RING.keys, SealingKey.generate(1.0)]))
    client = await wire.send(asks("/closed", shown))
    assert (await client.message()).get(b"hotgate-explain") is not None
    use_keys(wire, SealingRing([SealingKey.generate(1.0)]))
    client = await wire.send(asks("/closed", shown))
    assert (await client.message()).get(b"hotgate-explain") is None


@pytest.mark.parametrize("settings", [{}, EXPLAINS], ids=["off", "on"])
@pytest.mark.parametrize("name", ["hotgate-explain", "HOTGATE_EXPLAIN", "Hotgate.Explain", "hotgate-other"])
def test_no_spelling_of_the_field_reaches_a_backend(name: str, settings: Mapping[str, Any]) -> None:
    @scenario(settings=settings)
    async def script(wire: Wire) -> None:
        use_keys(wire)
        received, _ = await wire.exchange(asks("/", ticket(), name=name), OK)
        assert not [each for each, _ in received.fields if b"explain" in each or b"hotgate-" in each]

    script()


@scenario(settings=EXPLAINS)
async def test_neither_does_a_trailer(wire: Wire) -> None:
    use_keys(wire)
    client = await wire.send(CHUNKED_POST, chunk(b"x"), b"0\r\nHotgate-Explain: x\r\n\r\n")
    backend = await wire.backend.accept()
    assert (await backend.message()).trailers == []
    backend.send(OK)
    await client.message()


@scenario()
async def test_where_answers_are_not_explained_a_good_ticket_is_nothing(wire: Wire) -> None:
    use_keys(wire)
    _, answer = await wire.exchange(asks("/", ticket()), OK)
    assert answer.get(b"hotgate-explain") is None
    assert wire.gateway.compiled.snapshot.unmatched.after == ()


@policy(phase="authorize")
def talkative(exchange: Exchange) -> Response | None:
    return Response.problem(403, code="closed", log_detail="Bearer abcdefghijklmnop " + "x" * 100_000)


@scenario(policies=[talkative], settings=EXPLAINS)
async def test_the_field_is_bounded_and_free_of_credentials(wire: Wire) -> None:
    use_keys(wire)
    client = await wire.send(asks("/", ticket()))
    value = (await client.message()).get(b"hotgate-explain")
    assert value is not None
    assert len(value) <= MAX_BYTES
    assert b"abcdefghijklmnop" not in value
    assert json.loads(value)["code"] == "closed"


@policy(phase="authorize")
def fails(exchange: Exchange) -> Response | None:
    raise RuntimeError("with a secret")


@scenario(policies=[fails], settings=EXPLAINS)
async def test_a_policy_that_fails_still_denies(wire: Wire) -> None:
    use_keys(wire)
    client = await wire.send(asks("/", ticket()))
    answer = await client.message()
    assert (answer.status, answer.code) == (500, "policy-failed")
    assert b"secret" not in answer.body
