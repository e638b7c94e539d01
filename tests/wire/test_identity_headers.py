"""Who calls is the gateway's word: whatever a client writes into such fields, wherever and however, arrives nowhere."""

from hashlib import sha256
from typing import Any

import pytest

from wire.message import Message
from wire.scenario import Wire, scenario

GOOD = b"0123456789abcdef"
MINE = {
    "authenticate": ["partners"],
    "public": False,
    "headers": {"request": {"set": {"X-User": "{principal.subject}"}}},
}
GUESTS = {**MINE, "authenticate": ["partners", "guests"]}
SETTINGS: dict[str, Any] = {
    "identity": {
        "partners": {"api_key": {"keys": [{"id": "k", "consumer": "alice", "sha256": sha256(GOOD).hexdigest()}]}},
        "guests": {"anonymous": {}},
    }
}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
FORGED = [
    b"X-User", b"x-user", b"X-USER", b"X_User", b"x_user", b"X.User", b"x.USER", b"X~User", b"X-Auth-Subject",
    b"X_Auth_Subject", b"x.auth.subject", b"X-AUTH-ROLES", b"X-Auth-Provider", b"X-Auth-Mechanism", b"X-Auth-Anything",
]  # fmt: skip


def request(*lines: bytes, key: bytes = GOOD, method: bytes = b"GET") -> bytes:
    own = [b"X-Api-Key: " + key] if key else []
    return b"\r\n".join([method + b" / HTTP/1.1", b"Host: a", *lines, *own, b"", b""])


def said(message: Message) -> dict[bytes, list[bytes]]:
    names = (b"x-user", b"x-auth-subject", b"x-auth-provider")
    return {name: message.get_all(name) for name in names}


ALICE = {b"x-user": [b"alice"], b"x-auth-subject": [b"alice"], b"x-auth-provider": [b"partners"]}
GUEST = {b"x-user": [b"anonymous"], b"x-auth-subject": [b"anonymous"], b"x-auth-provider": [b"guests"]}


@pytest.mark.parametrize(("key", "expected"), [(GOOD, ALICE), (b"", GUEST)])
@pytest.mark.parametrize("name", FORGED)
@scenario(route=GUESTS, settings=SETTINGS)
async def test_a_client_cannot_say_who_it_is_in_any_spelling(
    wire: Wire, name: bytes, key: bytes, expected: dict[bytes, list[bytes]]
) -> None:
    got, _ = await wire.exchange(request(name + b": root", name.swapcase() + b": root", key=key), ANSWER)
    assert said(got) == expected
    assert b"root" not in [value for _, value in got.fields]


@pytest.mark.parametrize("name", FORGED)
@scenario(route=MINE, settings=SETTINGS)
async def test_nor_in_a_trailer(wire: Wire, name: bytes) -> None:
    head = request(b"Transfer-Encoding: chunked", b"Trailer: " + name, method=b"POST")
    got, _ = await wire.exchange(head + b"2\r\nhi\r\n0\r\n" + name + b": root\r\nX-Sum: 1\r\n\r\n", ANSWER)
    assert said(got) == ALICE
    assert b"root" not in [value for _, value in got.trailers]


@pytest.mark.parametrize(
    "options",
    [
        b"x-auth-subject",
        b"close, X-Auth-Subject, X-Auth-Provider",
        b"keep-alive, x-user, x_user",
        b"X-User, X-Auth-Subject, X-Auth-Provider, X-Forwarded-For",
        b"authorization, cookie, host",
    ],
)
@scenario(route=MINE, settings=SETTINGS)
async def test_connection_options_take_away_nothing_that_the_gateway_says(wire: Wire, options: bytes) -> None:
    got, _ = await wire.exchange(request(b"Connection: " + options), ANSWER)
    assert said(got) == ALICE
    assert got.get_all(b"x-forwarded-for") == [b"127.0.0.1"]


@scenario(route=MINE, settings=SETTINGS)
async def test_a_client_that_takes_its_own_key_away_is_not_let_in(wire: Wire) -> None:
    client = await wire.send(request(b"Connection: x-api-key"))
    answer = await client.message()
    assert (answer.status, answer.code) == (401, "token-missing")


@scenario(route=MINE, settings=SETTINGS)
async def test_a_second_key_is_refused_whichever_is_good(wire: Wire) -> None:
    for first, second in ((GOOD, b"another-key"), (b"another-key", GOOD), (GOOD, GOOD)):
        client = await wire.send(request(b"X-API-KEY: " + first, key=second))
        answer = await client.message()
        assert (answer.status, answer.code) == (401, "key-unknown")


@pytest.mark.parametrize("spelling", [b"X_Api_Key", b"X.Api.Key", b"X-Api_Key"])
@scenario(route=GUESTS, settings=SETTINGS)
async def test_a_key_in_another_spelling_is_no_key(wire: Wire, spelling: bytes) -> None:
    got, _ = await wire.exchange(request(spelling + b": " + GOOD, key=b""), ANSWER)
    assert said(got) == GUEST


@scenario(route=GUESTS, settings=SETTINGS)
async def test_no_credential_of_the_route_reaches_the_backend(wire: Wire) -> None:
    got, _ = await wire.exchange(request(), ANSWER)
    assert GOOD not in [value for _, value in got.fields]
