"""Authorization through a socket: whatever spelling a request takes, it is decided as the backend will read it."""

import hashlib
import json
from typing import Any

import pytest
from cryptography import x509

from wire.client_certificates import ASKS, CLIENTS, A, client_context
from wire.key_store import key_store
from wire.message import Message
from wire.samples import OK, chunk, get, ok
from wire.scenario import Wire, scenario

KEY = "key-of-alice"
_ANSWERS: dict[str, Any] = {"upstream": None, "respond": {"body": "in"}}
_AUTHORIZATION = {
    "roles": {
        "reader": {"permissions": ["orders:read"]},
        "clerk": {"inherits": ["reader"], "permissions": ["orders:write"]},
    },
    "policies": {
        "own": [
            {"name": "night", "deny": '"x-night" in request.headers', "because": "Come back in the morning."},
            {"name": "owner", "allow": "path.owner == principal.subject"},
        ]
    },
}


def public(**authorize: Any) -> dict[str, Any]:
    """Keys of a scenario: one public route with an answer of its own."""
    return {"route": {**_ANSWERS, "authorize": authorize}}


def of_alice(path: str = "/*", roles: tuple[str, ...] = (), **authorize: Any) -> dict[str, Any]:
    """One route with an upstream behind a key of alice's."""
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    key = {"id": "k1", "consumer": "alice", "sha256": digest, "roles": list(roles), "scopes": ["read"]}
    return {
        "route": {"public": False, "authenticate": ["keys"], "match": {"path": path}, "authorize": authorize},
        "settings": {"identity": {"keys": {"api_key": {"keys": [key]}}}, "authorization": _AUTHORIZATION},
    }


def asking(method: str, target: str, *fields: str) -> bytes:
    return get(target, f"X-Api-Key: {KEY}", *fields).replace(b"GET", method.encode(), 1)


async def answer(wire: Wire, request: bytes, *, to_head: bool = False) -> tuple[int, str]:
    """Status and code of an answer of the gateway's own."""
    client = await wire.send(request)
    message = await client.message(to_head=to_head)
    return message.status, "" if to_head or message.status == 200 else message.code


async def passes(wire: Wire, request: bytes) -> Message:
    """What the backend gets."""
    received, answered = await wire.exchange(request, ok(b"", "Connection: close"))
    assert answered.status == 200
    return received


FORBIDDEN = (403, "forbidden")


@scenario(**of_alice("/orders/{owner}", policies=["own"]))
async def test_a_named_policy_decides_and_the_log_says_how(wire: Wire) -> None:
    assert (await passes(wire, asking("GET", "/orders/alice"))).start.startswith(b"GET /orders/alice ")
    client = await wire.send(asking("GET", "/orders/bob"))
    denied = await client.message()
    assert (denied.status, denied.code) == FORBIDDEN
    assert json.loads(denied.body)["detail"] == "This is not allowed."
    assert wire.last_record["log_detail"] == "own: no rule allows it"
    client = await wire.send(asking("GET", "/orders/alice", "X-Night: 1"))
    assert json.loads((await client.message()).body)["detail"] == "Come back in the morning."
    assert wire.last_record["log_detail"] == "night: its condition holds"


@pytest.mark.parametrize(
    ("target", "decided"),
    [
        ("/orders/Alice", FORBIDDEN),
        ("/orders/alice%20", FORBIDDEN),
        ("/orders/alice%2e", FORBIDDEN),
        ("/orders/alice%C2%AD", FORBIDDEN),
        ("/orders/bob%2Falice", (400, "target-invalid")),
        ("/orders/alice%00", (400, "target-invalid")),
        ("/orders/alice%2500", FORBIDDEN),
        ("/orders/alice/../bob", FORBIDDEN),
        ("/orders/bob;/alice", (404, "route-not-found")),
    ],
)
def test_other_spellings_are_other_names(target: str, decided: tuple[int, str]) -> None:
    @scenario(**of_alice("/orders/{owner}", policies=["own"]))
    async def played(wire: Wire) -> None:
        assert await answer(wire, asking("GET", target)) == decided

    played()


@scenario(**of_alice("/orders/{owner}", policies=["own"]))
async def test_escapes_that_are_not_needed_are_the_same_name_for_the_backend_too(wire: Wire) -> None:
    received = await passes(wire, asking("GET", "/orders/%61lic%65"))
    assert received.start.startswith(b"GET /orders/alice ")


@pytest.mark.parametrize(
    ("request_", "allowed"),
    [
        (get("/?role=user"), True),
        (get("/?role=user&a=1&a=2"), True),
        (get("/?role=admin"), False),
        (get("/?role=user&role=admin"), False),
        (get("/?role=user&role=user"), False),
        (get("/?role=user&r%6Fle=admin"), False),
        (get("/?role=user%00"), False),
        (get("/?ROLE=user"), False),
        (get("/"), False),
        (get("/?role=user&" + "&".join(f"x{n}=" for n in range(200))), False),
        (get("/?role=user", "X-Plan: gold"), True),
        (get("/?role=user", "X-Plan: tin"), False),
        (get("/?role=user", "X-Plan: gold", "X-Plan: tin"), False),
        (get("/?role=user", "X-Plan: gold", "x-plan: gold"), False),
        (get("/?role=user", "X_Plan: tin"), True),
    ],
)
def test_what_is_sent_twice_or_cannot_be_read_is_not_what_was_asked_for(request_: bytes, *, allowed: bool) -> None:
    when = 'request.query.role == "user" && (!("x-plan" in request.headers) || request.headers["x-plan"] == "gold")'

    @scenario(**public(when=when))
    async def played(wire: Wire) -> None:
        assert (await answer(wire, request_)) == ((200, "") if allowed else FORBIDDEN)

    played()


@scenario(**public(when='request.client.inNetwork("127.0.0.0/8")'))
async def test_a_public_route_may_ask_where_a_request_comes_from(wire: Wire) -> None:
    assert await answer(wire, get("/", "X-Forwarded-For: 10.0.0.1")) == (200, "")


@scenario(**public(when='request.client.inNetwork("10.0.0.0/8")'))
async def test_nobody_comes_from_where_he_says(wire: Wire) -> None:
    assert await answer(wire, get("/", "X-Forwarded-For: 10.0.0.1", "X-Real-IP: 10.0.0.1")) == FORBIDDEN


_METHODS = {"GET": {"roles": ["reader"]}, "POST": {"permissions": ["orders:write"]}}


@pytest.mark.parametrize(
    ("method", "decided"),
    [
        ("POST", FORBIDDEN),
        ("DELETE", FORBIDDEN),
        ("OPTIONS", FORBIDDEN),
        ("PROPFIND", FORBIDDEN),
        ("BREW", (400, "request-malformed")),
        ("get", (400, "request-malformed")),
    ],
)
def test_methods_that_are_not_listed_or_need_more(method: str, decided: tuple[int, str]) -> None:
    @scenario(**of_alice(roles=("reader",), methods=_METHODS))
    async def played(wire: Wire) -> None:
        fields = ("X-HTTP-Method-Override: GET", "X-Method-Override: GET")
        assert await answer(wire, asking(method, "/", *fields)) == decided

    played()


@scenario(**of_alice(methods=_METHODS))
async def test_head_does_not_escape_what_get_needs(wire: Wire) -> None:
    assert await answer(wire, asking("GET", "/")) == FORBIDDEN
    assert await answer(wire, asking("HEAD", "/"), to_head=True) == (403, "")


def json_post(body: bytes, *fields: str, kind: str = "application/json") -> bytes:
    lines = (f"Content-Type: {kind}", f"Content-Length: {len(body)}", *fields)
    return asking("POST", "/", *lines) + body


@scenario(**of_alice(when="body.amount < 100", body="64", scopes=["read"]))
async def test_a_condition_on_the_body(wire: Wire) -> None:
    received = await passes(wire, json_post(b'{"amount": 99}'))
    assert received.body == b'{"amount": 99}'
    assert await answer(wire, json_post(b'{"amount": 100}')) == FORBIDDEN
    assert await answer(wire, json_post(b'{"amount": 1, "amount": 100}')) == FORBIDDEN
    assert await answer(wire, json_post(b'{"amount": 1}', kind="text/plain")) == FORBIDDEN
    assert (
        await answer(wire, json_post(b'{"a": "&amount=900&", "amount": 1}', kind="application/x-www-form-urlencoded"))
        == FORBIDDEN
    )
    assert await answer(wire, json_post(b'{"amount": 1}', "Content-Type: text/plain")) == FORBIDDEN
    assert await answer(wire, asking("GET", "/")) == FORBIDDEN
    assert (await answer(wire, json_post(b'{"amount": 1' + b" " * 64 + b"}")))[0] == 413


@scenario(**of_alice(when="body.amount < 100", body="64", scopes=["write"]))
async def test_who_is_refused_anyway_is_not_asked_for_a_body(wire: Wire) -> None:
    client = await wire.send(asking("POST", "/", "Content-Length: 20", "Expect: 100-continue"))
    answered = await client.message()
    assert (answered.status, answered.code) == (403, "insufficient-scope")


@scenario(**of_alice(when="body.amount < 100", body="64"))
async def test_a_body_in_pieces_is_read_whole(wire: Wire) -> None:
    client = await wire.send(asking("POST", "/", "Content-Type: application/json", "Transfer-Encoding: chunked"))
    client.send(chunk(b'{"amount"'), chunk(b": 9}"), b"0\r\n\r\n")
    backend = await wire.backend.accept()
    assert (await backend.message()).body == b'{"amount": 9}'


@scenario(**public(when="request.size < 10"))
async def test_chunks_do_not_pass_for_nothing(wire: Wire) -> None:
    head = get("/", "Transfer-Encoding: chunked").replace(b"GET", b"POST", 1)
    assert await answer(wire, head + chunk(b"0123456789") + b"0\r\n\r\n") == (403, "forbidden")
    assert await answer(wire, get("/")) == (200, "")


_OF_STORE: dict[str, Any] = {
    "route": {"public": False, "authenticate": ["partners"], "authorize": {"permissions": ["orders:write"]}},
    "settings": {"identity": {"partners": {"api_key": {"managed": True}}}, "authorization": _AUTHORIZATION},
}


def with_key(key: str) -> bytes:
    return get("/", f"X-Api-Key: {key}")


@scenario(**_OF_STORE)
async def test_a_role_that_the_store_takes_away_or_gives_counts_from_the_next_request_on(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        assert await answer(wire, with_key(issued.key)) == FORBIDDEN
        for roles, expected in ((("clerk",), True), (("reader",), False), (("clerk", "x"), True), ((), False)):
            await store.consumers.change("acme", {"roles": roles})
            store.tick()
            if expected:
                await passes(wire, with_key(issued.key))
            else:
                assert await answer(wire, with_key(issued.key)) == FORBIDDEN


@scenario(**_OF_STORE)
async def test_a_connection_does_not_keep_a_role_either(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue(roles=("clerk",))
        client = await wire.send(with_key(issued.key))
        backend = await wire.backend.only()
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
        await store.store.change_key(issued.record.id, roles=())
        store.tick()
        client.send(with_key(issued.key))
        assert (await client.message()).code == "forbidden"


@scenario(
    route={
        "public": False,
        "authenticate": ["partners"],
        "authorize": {"when": 'principal.tier == "gold" && claims.metadata.plan == "gold"'},
    },
    settings={"identity": {"partners": {"api_key": {"managed": True}}}},
)
async def test_a_tier_that_changes_counts_from_the_next_request_on(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        for tier, passing in (("gold", True), ("tin", False), ("gold", True), (None, False)):
            await store.consumers.change("acme", {"tier": tier})
            store.tick()
            if passing:
                await passes(wire, with_key(issued.key))
            else:
                assert await answer(wire, with_key(issued.key)) == FORBIDDEN


@scenario(**_OF_STORE)
async def test_what_a_role_allows_changes_with_a_reload(wire: Wire) -> None:
    async with key_store(wire) as store:
        issued = await store.issue(roles=("clerk",))
        await passes(wire, with_key(issued.key))
        services = {"credentials": store.credentials, "wall_clock": lambda: store.now}
        other = {"boss": {"permissions": ["orders:write"]}, "clerk": {"permissions": ["orders:read"]}}
        wire.gateway.reconfigure({**wire.gateway.configuration, "authorization": {"roles": other}}, services)
        assert await answer(wire, with_key(issued.key)) == FORBIDDEN
        wire.gateway.reconfigure(wire.gateway.configuration, services)
        await passes(wire, with_key(issued.key))


@scenario(
    route={**_ANSWERS, "authorize": {"when": '"spiffe://corp/orders" in tls.san_uri && tls.subject == "CN=orders"'}},
    listener={"tls": {**A.settings, **ASKS, "client_auth": "optional"}},
)
async def test_a_condition_looks_at_the_certificate_of_the_client(wire: Wire) -> None:
    names = [x509.UniformResourceIdentifier("spiffe://corp/orders")]
    for shown, expected in (
        (CLIENTS.issue_client("orders", alternatives=names), 200),
        (CLIENTS.issue_client("orders"), 403),
        (CLIENTS.issue_client("other", alternatives=names), 403),
        (None, 403),
    ):
        client = await wire.connect_tls(context=client_context(shown))
        client.send(get("/", 'X-Forwarded-Client-Cert: URI="spiffe://corp/orders";Subject="CN=orders"'))
        assert (await client.message()).status == expected


@scenario(
    **of_alice(
        when='request.query.p.matches("^(a+)+$") || request.query_lists.p.all(x, request.query_lists.p.all(y, x != y))'
    )
)
async def test_no_input_makes_a_condition_slow(wire: Wire) -> None:
    """By a pattern that takes others exponential time, and by loops: they end at a budget, and deny."""
    assert await answer(wire, asking("GET", "/?p=" + "a" * 4000 + "b")) == FORBIDDEN
    many = "&".join(f"p={n}" for n in range(100))
    assert await answer(wire, asking("GET", f"/?{many}")) == FORBIDDEN
