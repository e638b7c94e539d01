"""The signed assertion on the wire: the gateway's own reaches the backend, nobody else's does; no client sees it."""

import json

import pytest

from hotgate import Exchange, policy
from hotgate.identity.principal import Principal
from hotgate.keys.rotation import first_ring
from wire.message import Message
from wire.samples import CHUNKED_OK, CHUNKED_POST, GET, OK, get, ok
from wire.scenario import Wire, scenario

FIELD = b"x-hotgate-assertion"
RING = first_ring("ES256", 0.0)
SPELLINGS = ["X-Hotgate-Assertion", "x_hotgate_assertion", "X.Hotgate.Assertion", "X-Hotgate-Anything"]
ADA = Principal("ada", provider="test", mechanism="jwt")


@policy(phase="authenticate")
def is_ada(exchange: Exchange) -> None:
    exchange.principal = ADA


def signing(wire: Wire) -> None:
    wire.gateway.services["signing"].ring = RING


def forged(message: Message) -> bool:
    return any(b"forged" in value for _, value in [*message.fields, *message.trailers])


@pytest.mark.parametrize("name", SPELLINGS)
@scenario(route={"assertion": {}}, policies=[is_ada])
async def test_the_backend_gets_the_gateways_own_and_only_that(wire: Wire, name: str) -> None:
    signing(wire)
    received, answer = await wire.exchange(get("/", f"{name}: forged"), OK)
    assert (answer.status, forged(received)) == (200, False)
    token = received.get(FIELD)
    assert token is not None
    assert token.count(b".") == 2


@scenario(route={"assertion": {}}, policies=[is_ada])
async def test_one_serves_all_requests_of_a_caller(wire: Wire) -> None:
    signing(wire)
    client, tokens = await wire.send(GET, GET), set()
    backend = await wire.backend.accept()
    for _ in range(2):
        tokens.add((await backend.message()).get(FIELD))
        backend.send(OK)
        await client.message()
    assert len(tokens) == 1


@pytest.mark.parametrize("name", SPELLINGS)
@scenario()
async def test_a_forged_one_does_not_pass_where_none_is_sent(wire: Wire, name: str) -> None:
    received, _ = await wire.exchange(get("/", f"{name}: forged"), OK)
    assert not forged(received)


@pytest.mark.parametrize("name", SPELLINGS)
@scenario(route={"assertion": {}}, policies=[is_ada])
async def test_it_cannot_come_as_a_trailer(wire: Wire, name: str) -> None:
    signing(wire)
    end = f"0\r\n{name}: forged\r\nX-Sum: 1\r\n\r\n".encode()
    received, _ = await wire.exchange(CHUNKED_POST + end, OK)
    assert [field[0] for field in received.trailers] == [b"x-sum"]


@scenario(route={"assertion": {}}, policies=[is_ada])
async def test_connection_cannot_take_it_away(wire: Wire) -> None:
    signing(wire)
    received, _ = await wire.exchange(get("/", "Connection: X-Hotgate-Assertion, keep-alive"), OK)
    assert received.get(FIELD)


@scenario(route={"assertion": {}}, policies=[is_ada])
async def test_a_backend_that_sends_it_back_does_not_hand_it_to_the_client(wire: Wire) -> None:
    signing(wire)
    _, answer = await wire.exchange(GET, ok(b"ok", "X-Hotgate-Assertion: a.b.c", "X-A: 1"))
    assert (answer.get_all(FIELD), answer.get(b"x-a")) == ([], b"1")


@scenario(route={"assertion": {}}, policies=[is_ada])
async def test_nor_in_a_trailer(wire: Wire) -> None:
    signing(wire)
    _, answer = await wire.exchange(GET, CHUNKED_OK + b"0\r\nX-Hotgate-Assertion: a.b.c\r\n\r\n")
    assert answer.trailers == []


@scenario(route={"assertion": {}})
async def test_nothing_is_asserted_of_an_anonymous_caller(wire: Wire) -> None:
    signing(wire)
    received, answer = await wire.exchange(GET, OK)
    assert (received.get_all(FIELD), answer.status) == ([], 200)


@scenario(route={"assertion": {}}, policies=[is_ada])
async def test_a_worker_without_a_key_answers_itself(wire: Wire) -> None:
    client = await wire.send(GET)
    answer = await client.message()
    assert (answer.status, answer.code) == (503, "assertion-unavailable")


@scenario(route={"assertion": {}, "identity_headers": False}, policies=[is_ada])
async def test_a_backend_may_be_told_in_this_form_only(wire: Wire) -> None:
    signing(wire)
    received, _ = await wire.exchange(get("/", "X-Auth-Subject: forged"), OK)
    assert received.get(FIELD)
    assert received.get_all(b"x-auth-subject") == []


@scenario(route={"assertion": {}}, policies=[is_ada])
async def test_it_is_told_in_both_unless_somebody_says_otherwise(wire: Wire) -> None:
    signing(wire)
    received, _ = await wire.exchange(get("/", "X-Auth-Subject: forged"), OK)
    assert received.get(FIELD)
    assert received.get(b"x-auth-subject") == b"ada"


@scenario(
    routes=[
        {"name": "keys", "match": {"path": "/keys"}, "public": True, "respond": {"jwks": True, "headers": {"X-A": "1"}}}
    ]
)
async def test_workers_publish_the_keys_themselves(wire: Wire) -> None:
    signing(wire)
    client = await wire.send(get("/keys"))
    answer = await client.message()
    assert (answer.status, json.loads(answer.body)) == (200, json.loads(RING.jwks))
    assert answer.get(b"cache-control") == b"public, max-age=300"
    assert answer.get(b"x-a") == b"1"
