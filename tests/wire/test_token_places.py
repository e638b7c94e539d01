"""Tokens in places other than a field of their own: verified, taken away, and nowhere to be read afterwards."""

import time
from typing import Any

import pytest

from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.testing.issuer import Issuer
from wire.message import Message
from wire.samples import OK, get
from wire.scenario import Wire, scenario

ISSUER = Issuer()
URL = "https://idp.test/jwks"
PLACES = {"query": "access_token", "cookie": "session", "subprotocol": "bearer."}
SETTINGS: dict[str, Any] = {
    "identity": {"corp": {"jwt": {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL, "token": PLACES}}}
}
ROUTE: dict[str, Any] = {"public": False, "authenticate": ["corp"]}
# Made when tests are collected, which may be long before they run.
TOKEN = ISSUER.token({"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": time.time() + 86_400}).decode()


def know_keys(wire: Wire) -> None:
    wire.gateway.services["key_sets"].replace(key_set_name("corp", URL), ISSUER.jwks())


@pytest.mark.parametrize(
    ("target", "backend_target"),
    [
        (f"/a?access_token={TOKEN}", b"/a"),
        (f"/a?x=1&access_token={TOKEN}&y=2", b"/a?x=1&y=2"),
        (f"/a?access%5Ftoken={TOKEN}", b"/a"),
        (f"/a?%61ccess_token={TOKEN}&x=%26", b"/a?x=%26"),
    ],
)
@scenario(route=ROUTE, settings=SETTINGS)
async def test_a_token_in_the_query_reaches_neither_the_backend_nor_the_log(
    wire: Wire, target: str, backend_target: bytes
) -> None:
    know_keys(wire)
    received, answer = await wire.exchange(get(target), OK)
    assert answer.status == 200
    assert received.start.split(b" ")[1] == backend_target
    assert TOKEN not in str(received)
    assert wire.last_record["subject"] == "ada"
    assert "eyJ" not in str(wire.gateway.records.lines)


async def refused(wire: Wire, request: bytes) -> Message:
    client = await wire.send(request)
    return await client.message()


@scenario(route=ROUTE, settings=SETTINGS)
async def test_a_refused_token_in_the_query_is_not_logged_either(wire: Wire) -> None:
    know_keys(wire)
    answer = await refused(wire, get(f"/a?access_token={TOKEN[:-4]}AAAA"))
    assert answer.status == 401
    assert wire.last_record["code"] == "token-signature-invalid"
    assert TOKEN[:40] not in str(wire.gateway.records.lines)


@scenario(route=ROUTE, settings=SETTINGS)
async def test_a_cookie_is_taken_away_and_the_others_stay(wire: Wire) -> None:
    know_keys(wire)
    received, answer = await wire.exchange(get("/", f"Cookie: a=1; session={TOKEN}; b=2"), OK)
    assert answer.status == 200
    assert TOKEN not in str(received)
    assert received.get(b"cookie") == b"a=1; b=2"


@scenario(route=ROUTE, settings=SETTINGS)
async def test_two_places_are_refused_by_the_gateway(wire: Wire) -> None:
    know_keys(wire)
    answer = await refused(wire, get(f"/?access_token={TOKEN}", f"Authorization: Bearer {TOKEN}"))
    assert (answer.status, wire.last_record["code"]) == (401, "token-malformed")


WEBSOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@scenario(route=ROUTE, settings=SETTINGS)
async def test_another_site_opens_no_websocket_with_the_cookie(wire: Wire) -> None:
    """Cross-site WebSocket hijacking, through the edge that takes hop-by-hop fields away."""
    know_keys(wire)
    answer = await refused(wire, get("/", *WEBSOCKET, "Origin: https://evil.example", f"Cookie: session={TOKEN}"))
    assert (answer.status, wire.last_record["code"]) == (403, "cross-site-request")


@scenario(route=ROUTE, settings=SETTINGS)
async def test_a_subprotocol_carries_a_token_and_the_real_one_is_passed_on(wire: Wire) -> None:
    know_keys(wire)
    received, _ = await wire.exchange(
        get("/", *WEBSOCKET, "Origin: https://other.example", f"Sec-WebSocket-Protocol: chat, bearer.{TOKEN}"), OK
    )
    assert TOKEN not in str(received)
    assert received.get(b"sec-websocket-protocol") == b"chat"


@pytest.mark.parametrize("field", ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"])
@scenario(route=ROUTE, settings=SETTINGS)
async def test_another_site_changes_nothing_with_the_cookie(wire: Wire, field: str) -> None:
    know_keys(wire)
    request = get("/", f"Cookie: session={TOKEN}", field).replace(b"GET", b"DELETE", 1)
    assert (await refused(wire, request)).status == 403
    received, answer = await wire.exchange(get("/", f"Cookie: session={TOKEN}", field), OK)
    assert (received.start[:4], answer.status) == (b"GET ", 200)
