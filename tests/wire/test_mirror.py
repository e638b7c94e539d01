"""Copies of requests: what they say, and that nobody waits for them whatever becomes of them."""

from hashlib import sha256
from typing import Any

import pytest

from wire.leftovers import no_collection, relays
from wire.message import Message
from wire.peer import Peer, turns
from wire.samples import CHUNKED_POST, GET, OK, chunk, get, post
from wire.scenario import Wire, scenario

SHADOW: dict[str, dict[str, Any]] = {"shadow": {}}
KEY = "the-key-of-a-partner"
PARTNERS = {
    "identity": {
        "partners": {
            "api_key": {
                "forward_key": True,
                "query": "key",
                "keys": [{"id": "acme", "sha256": sha256(KEY.encode()).hexdigest()}],
            }
        }
    }
}
ANY_METHOD = ["GET", "POST"]


def mirroring(public: bool = True, **mirror: Any) -> dict[str, Any]:
    who = {"public": True} if public else {"public": False, "authenticate": ["partners"]}
    return {"mirror": {"upstream": "shadow", **mirror}, **who}


def counted(wire: Wire, result: str) -> int:
    return int(wire.gateway.plane.metrics_snapshot()["counters"]["mirrored"].get(f"all {result}", 0))


async def until_counted(wire: Wire, result: str, count: int = 1) -> None:
    for _ in range(2000):
        if counted(wire, result) == count:
            return
        await turns(1)
    raise AssertionError(wire.gateway.plane.metrics_snapshot()["counters"]["mirrored"])


async def served(wire: Wire, request: bytes, answer: bytes = OK) -> tuple[Message, Message]:
    return await wire.exchange(request, answer)


async def shadow(wire: Wire) -> Peer:
    return await wire.backends[1].accept()


@scenario(others=SHADOW, route=mirroring())
async def test_a_copy_says_what_the_request_says_and_whose_it_is(wire: Wire) -> None:
    _, answer = await served(wire, get("/orders/7?a=%20b", "Accept: text/plain", "X-Hotgate-Mirror: mine"))
    assert (answer.status, answer.body) == (200, b"ok")
    peer = await shadow(wire)
    copy = await peer.message()
    assert copy.start == b"GET /orders/7?a=%20b HTTP/1.1"
    assert copy.get(b"accept") == b"text/plain"
    assert copy.get_all(b"x-hotgate-mirror") == [b"all"]
    assert copy.get(b"x-request-id") == answer.get(b"x-request-id")
    peer.send(b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\nSet-Cookie: a=b\r\n\r\noops")
    await until_counted(wire, "answered")


@scenario(others=SHADOW, route=mirroring())
async def test_the_client_does_not_wait_for_a_shadow_that_says_nothing(wire: Wire) -> None:
    client = await wire.connect()
    backend = None
    for _ in range(3):
        client.send(GET)
        backend = backend or await wire.backend.accept()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
    assert counted(wire, "answered") == 0


@scenario(others=SHADOW, route=mirroring())
async def test_nor_for_one_that_is_dead(wire: Wire) -> None:
    wire.backends[1].refuse_connections()
    _, answer = await served(wire, GET)
    assert answer.status == 200
    await until_counted(wire, "failed")


@scenario(others=SHADOW, route=mirroring())
async def test_an_endless_answer_is_given_up(wire: Wire) -> None:
    await served(wire, GET)
    peer = await shadow(wire)
    await peer.message()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = chunk(bytes(64 * 1024))
    assert await peer.flood(piece, 64 * 1024 * 1024) < 32 * 1024 * 1024
    await until_counted(wire, "failed")


@scenario(others=SHADOW, route=mirroring(max_concurrent=2))
async def test_copies_are_bounded_in_number(wire: Wire) -> None:
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    for _ in range(5):
        await backend.message()
        backend.send(OK)
        await client.message()
        client.send(GET)
    await backend.message()
    assert counted(wire, "busy") == 4


@scenario(others=SHADOW, route=mirroring())
async def test_a_post_is_not_copied_unless_it_is_said(wire: Wire) -> None:
    await served(wire, post(b"pay"))
    await turns()
    assert wire.backends[1].accepted == 0


@scenario(others=SHADOW, route=mirroring(methods=ANY_METHOD))
async def test_a_body_is_copied_where_it_is_said(wire: Wire) -> None:
    received, _ = await served(wire, post(b"pay"))
    copy = await (await shadow(wire)).message()
    assert (received.body, copy.body) == (b"pay", b"pay")
    assert copy.get(b"content-length") == b"3"


@scenario(others=SHADOW, route=mirroring(methods=ANY_METHOD))
async def test_a_stream_is_not_delayed_and_its_copy_follows_when_it_is_whole(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"one"))
    backend = await wire.backend.accept()
    await backend.until(b"one\r\n")
    client.send(chunk(b"two"))
    await backend.until(b"two\r\n")
    await turns()
    assert wire.backends[1].accepted == 0
    client.send(b"0\r\n\r\n")
    copy = await (await shadow(wire)).message()
    assert (copy.body, copy.is_chunked) == (b"onetwo", False)
    backend.send(OK)
    assert (await client.message()).status == 200


@pytest.mark.parametrize("head", [b"Content-Length: 20", b"Transfer-Encoding: chunked"])
@scenario(others=SHADOW, route=mirroring(methods=ANY_METHOD, max_body="10B"))
async def test_a_larger_body_passes_and_is_not_copied(wire: Wire, head: bytes) -> None:
    body = chunk(bytes(20)) + b"0\r\n\r\n" if head.startswith(b"Transfer") else bytes(20)
    received, answer = await served(wire, b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n" + body)
    assert (received.body, answer.status) == (bytes(20), 200)
    assert counted(wire, "body") == 1
    assert wire.backends[1].accepted == 0


@scenario(others=SHADOW, route=mirroring(methods=ANY_METHOD, max_body="0B"))
async def test_without_room_for_bodies_requests_with_one_are_left_out(wire: Wire) -> None:
    await served(wire, CHUNKED_POST + chunk(b"x") + b"0\r\n\r\n")
    assert counted(wire, "body") == 1
    assert wire.backends[1].accepted == 0


@scenario(others=SHADOW, route=mirroring(methods=ANY_METHOD, max_body="10B"))
async def test_a_stream_that_becomes_too_large_is_counted_once(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"one"))
    backend = await wire.backend.accept()
    await backend.until(b"one\r\n")
    client.send(chunk(bytes(20)), b"0\r\n\r\n")
    await backend.until(b"0\r\n\r\n")
    backend.send(OK)
    await client.message()
    assert counted(wire, "body") == 1
    assert wire.backends[1].accepted == 0


@scenario(others=SHADOW, route=mirroring(methods=ANY_METHOD, max_concurrent=2))
async def test_clients_that_send_slowly_do_not_fill_the_memory(wire: Wire) -> None:
    slow = [await wire.send(CHUNKED_POST, chunk(b"one")) for _ in range(3)]
    await until_counted(wire, "busy")
    for client in slow:
        await wire.backend.accept()
        client.reset()
    await until_counted(wire, "body", 2)
    await served(wire, post(b"pay"))
    assert (await (await shadow(wire)).message()).body == b"pay"


@scenario(others=SHADOW, route=mirroring(methods=ANY_METHOD))
async def test_a_client_that_leaves_in_its_body_has_no_copy(wire: Wire) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"one"))
    await (await wire.backend.accept()).until(b"one\r\n")
    client.reset()
    await until_counted(wire, "body")
    assert wire.backends[1].accepted == 0


@scenario(others=SHADOW, route=mirroring())
async def test_a_copy_outlives_a_client_that_leaves(wire: Wire) -> None:
    client = await wire.send(GET)
    await (await wire.backend.accept()).message()
    peer = await shadow(wire)
    client.reset()
    await wire.until_connected(0)
    await peer.message()
    peer.send(OK)
    await until_counted(wire, "answered")


CREDENTIALS = (
    "Authorization: Bearer secret-token",
    "Cookie: session=secret-token",
    "X-Api-Key: secret-token",
    "DPoP: secret-token",
    "Signature: sig=:secret-token:",
    "Signature-Input: sig=()",
    "Proxy-Authorization: Basic secret-token",
    "Token: secret-token",
    "X-Shopify-Access-Token: secret-token",
    "X_Client_Secret: secret-token",
    "Stripe-Signature: t=1,v1=secret-token",
    "X-Goog-IAP-JWT-Assertion: secret-token",
)


@scenario(others=SHADOW, route=mirroring())
async def test_a_copy_carries_no_credential(wire: Wire) -> None:
    received, _ = await served(wire, get("/", *CREDENTIALS, "Idempotency-Key: k1"))
    assert received.get(b"authorization") == b"Bearer secret-token"
    copy = await (await shadow(wire)).message()
    assert not any(b"secret-token" in value for _, value in copy.fields)
    assert copy.get(b"idempotency-key") == b"k1"


@scenario(others=SHADOW, route=mirroring(public=False), settings=PARTNERS)
async def test_nor_one_that_the_own_upstream_gets(wire: Wire) -> None:
    """A key that is forwarded, also in the query; and nobody is told who calls."""
    received, _ = await served(wire, get(f"/?a=b&key={KEY}"))
    assert KEY.encode() in received.start
    assert received.get(b"x-auth-subject") == b"acme"
    copy = await (await shadow(wire)).message()
    assert copy.start == b"GET /?a=b HTTP/1.1"
    assert not any(name.startswith(b"x-auth") for name, _ in copy.fields)


@scenario(others=SHADOW, route=mirroring(public=False, identity=True, credentials=True), settings=PARTNERS)
async def test_unless_it_is_said(wire: Wire) -> None:
    await served(wire, get("/", f"X-Api-Key: {KEY}", "Cookie: a=b"))
    copy = await (await shadow(wire)).message()
    assert copy.get(b"x-api-key") == KEY.encode()
    assert copy.get(b"cookie") == b"a=b"
    assert copy.get_all(b"x-auth-subject") == [b"acme"]


@scenario(
    others=SHADOW,
    route=mirroring() | {"version": {"api": "orders"}},
    settings={"apis": {"orders": {"by": [{"header": "Api-Version"}], "versions": {"v1": {}}}}},
)
async def test_a_copy_says_which_version_was_asked_for(wire: Wire) -> None:
    await served(wire, get("/", "Api-Version: 1"))
    copy = await (await shadow(wire)).message()
    assert copy.get(b"x-hotgate-api-version") == b"v1"


@scenario(others=SHADOW, route=mirroring(remove=["X-Tenant"]))
async def test_further_fields_can_be_left_out_in_every_spelling(wire: Wire) -> None:
    await served(wire, get("/", "X-Tenant: acme", "X.Tenant: acme"))
    copy = await (await shadow(wire)).message()
    assert not any(value == b"acme" for _, value in copy.fields)


@scenario(
    others=SHADOW,
    upstream={"credentials": {"api_key": {"header": "X-Own", "value": "of-the-own-upstream"}}},
    route=mirroring() | {"match": {"path": "/v1/*"}, "rewrite": {"strip_prefix": "/v1"}},
)
async def test_a_copy_is_made_of_the_changed_request_before_the_upstream_adds_its_credentials(wire: Wire) -> None:
    received, _ = await served(wire, get("/v1/orders"))
    assert received.get(b"x-own") == b"of-the-own-upstream"
    copy = await (await shadow(wire)).message()
    assert copy.start == b"GET /orders HTTP/1.1"
    assert copy.get(b"x-own") is None


@scenario(others=SHADOW, route=mirroring(public=False), settings=PARTNERS)
async def test_a_request_that_is_refused_is_not_copied(wire: Wire) -> None:
    client = await wire.send(GET)
    assert (await client.message()).status == 401
    await turns()
    assert wire.backends[1].accepted == 0


@scenario(others=SHADOW, route=mirroring())
async def test_a_websocket_is_not_copied(wire: Wire) -> None:
    client = await wire.send(
        get("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AAAA", "Sec-WebSocket-Version: 13")
    )
    await (await wire.backend.accept()).message()
    await turns()
    assert wire.backends[1].accepted == 0
    client.reset()


@pytest.mark.usefixtures(no_collection.__name__)
@pytest.mark.parametrize("is_whole", [True, False])
@scenario(others=SHADOW, route=mirroring(methods=ANY_METHOD))
async def test_no_reference_cycle_is_left(wire: Wire, is_whole: bool) -> None:
    client = await wire.send(CHUNKED_POST, chunk(b"one"))
    await (await wire.backend.accept()).until(b"one\r\n")
    if is_whole:
        client.send(b"0\r\n\r\n")
        peer = await shadow(wire)
        await peer.message()
        peer.send(OK)
        await until_counted(wire, "answered")
    client.reset()
    await wire.until_connected(0)
    await turns(20)
    assert relays() == 0
