"""Cedar policies decide in the worker: nobody is asked, and what goes wrong denies."""

from typing import Any

import pytest

from wire.decision_service import IDENTITY, KEYS
from wire.samples import OK, get
from wire.scenario import Wire, scenario

SCHEMA = """
entity Role;
entity User in [Role] { department: String };
entity Route { owner: String };
entity Order;
action "GET", "POST" appliesTo { principal: [User], resource: [Route, Order], context: { path: String } };
"""
POLICIES = """
@id("sales-reads")
permit(principal is User, action == Action::"GET", resource is Route) when { principal.department == "sales" };
@id("owners")
permit(principal in Role::"clerk", action, resource is Route) when { resource.owner == principal.department };
@id("closed")
forbid(principal, action, resource) when { context.path like "/orders/secret*" };
"""
ENTITIES = '[{"uid": {"type": "Route", "id": "orders"}, "attrs": {"owner": "payments"}, "parents": []}]'
PRINCIPAL = {
    "attributes": {"department": "principal.subject == 'alice' ? 'sales' : 'payments'"},
    "parents": {"Role": "principal.subject == 'bob' ? ['clerk'] : []"},
}


def settings(**changed: Any) -> dict[str, Any]:
    cedar = {
        "policies": [POLICIES],
        "schema": SCHEMA,
        "entities": ENTITIES,
        "ask": {"principal": PRINCIPAL, "context": {"path": "request.path"}},
        **changed,
    }
    route = {
        "name": "orders",
        "match": {"path": "/orders/{id}"},
        "upstream": "api",
        "authenticate": ["partners"],
        "authorize": {"decide": ["rules"]},
    }
    return {
        "identity": IDENTITY,
        "authorization": {"decision_points": {"rules": {"cedar": cedar}}},
        "routes": [route],
    }


async def status_of(wire: Wire, request: str, caller: str, reconfigured: dict[str, Any]) -> int:
    wire.gateway.reconfigure({**wire.gateway.configuration, **reconfigured})
    method, target = request.split(" ")
    client = await wire.send(get(target, f"X-API-Key: {KEYS[caller]}").replace(b"GET", method.encode(), 1))
    if await client.has_received(b"HTTP/1.1 "):
        return (await client.message()).status
    backend = await wire.backend.only()
    await backend.message()
    backend.send(OK)
    return (await client.message()).status


@pytest.mark.parametrize(
    ("request_", "caller", "status", "says"),
    [
        ("GET /orders/7", "alice", 200, ""),
        ("POST /orders/7", "alice", 403, "no policy permits it"),
        ("POST /orders/7", "bob", 200, ""),
        ("GET /orders/secret", "bob", 403, "closed"),
        ("DELETE /orders/7", "bob", 403, "does not exist in the supplied schema"),
    ],
)
@scenario()
async def test_policies_decide(wire: Wire, request_: str, caller: str, status: int, says: str) -> None:
    assert await status_of(wire, request_, caller, settings()) == status
    assert says in wire.last_record.get("log_detail", "")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"ask": {"principal": PRINCIPAL}}, "failed to build request"),
        ({"ask": {"principal": {"attributes": {}}, "context": {"path": "request.path"}}}, ""),
        ({"ask": {"principal": {**PRINCIPAL, "parents": {"Role": "'clerk'"}}}}, "no list of texts"),
        ({"ask": {"principal": {**PRINCIPAL, "type": "Nobody"}, "context": {"path": "request.path"}}}, "does not fit"),
        ({"ask": {"principal": PRINCIPAL, "context": {"path": "1.5"}}}, "failed to build request"),
    ],
)
@scenario()
async def test_what_cannot_be_evaluated_denies(wire: Wire, changed: dict[str, Any], says: str) -> None:
    assert await status_of(wire, "GET /orders/7", "alice", settings(**changed)) == 403
    assert says in wire.last_record["log_detail"]


SECRETIVE = SCHEMA.replace("path: String", "path: String, ip?: ipaddr, level?: Long")


@pytest.mark.parametrize(
    "context",
    [
        {"path": "request.path", "level": "request.query.a"},
        {"path": "request.path", "ip": "request.query.a"},
        {"path": "request.path", "level": '{"__extn": {"fn": "ip", "arg": request.query.a}}'},
        {"path": "{request.query.a: 1}"},
    ],
)
@scenario()
async def test_a_reason_repeats_nothing_that_was_sent(wire: Wire, context: dict[str, str]) -> None:
    changed = settings(schema=SECRETIVE, ask={"principal": PRINCIPAL, "context": context})
    assert await status_of(wire, "GET /orders/7?a=%60s3%60cret%22s3cret'", "alice", changed) == 403
    assert "failed to build request" in wire.last_record["log_detail"]
    assert "cret" not in wire.last_record["log_detail"]


@pytest.mark.parametrize(("times", "status"), [(15, 200), (17, 403)])
@scenario()
async def test_a_question_that_would_take_long_is_denied(wire: Wire, times: int, status: int) -> None:
    ask = {"principal": PRINCIPAL, "context": {"path": " + ".join(["request.query.a"] * times)}}
    assert await status_of(wire, f"GET /orders/7?a={'x' * 1000}", "alice", settings(ask=ask)) == status
    assert ("larger than 16,384 bytes" in wire.last_record.get("log_detail", "")) is (status == 403)


@scenario()
async def test_a_policy_that_cannot_be_evaluated_denies_though_another_permits(wire: Wire) -> None:
    """Cedar would pass over it, and it is one that forbids."""
    forbids = "forbid(principal, action, resource is Route) when { resource.owner == 'nobody' };".replace("'", '"')
    changed = settings(policies=[POLICIES, forbids])
    assert await status_of(wire, "GET /orders/7", "alice", changed) == 200
    changed["authorization"]["decision_points"]["rules"]["cedar"]["entities"] = "[]"
    assert await status_of(wire, "GET /orders/7", "alice", changed) == 403
    assert "does not exist" in wire.last_record["log_detail"]


@scenario()
async def test_a_reload_brings_new_policies_into_force(wire: Wire) -> None:
    assert await status_of(wire, "GET /orders/7", "alice", settings()) == 200
    stricter = settings(policies=[POLICIES, "forbid(principal, action, resource);"])
    assert await status_of(wire, "GET /orders/7", "alice", stricter) == 403


@scenario()
async def test_an_identifier_is_data_whatever_it_holds(wire: Wire) -> None:
    ask = {"principal": {**PRINCIPAL, "id": "path.id"}, "context": {"path": "request.path"}}
    injected = "/orders/x%22%2C%20action%2C%20resource%29%3B%20permit%28principal"
    assert await status_of(wire, f"POST {injected}", "alice", settings(ask=ask)) == 403
