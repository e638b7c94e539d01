"""Open Policy Agent decides; and what of its answers is no permission."""

from typing import Any

import pytest

from opa_server import OpaServer
from wire.decision_service import decision_service
from wire.scenario import Wire, scenario


def decision(asked: Any) -> Any:
    if asked["subject"] == "alice":
        return {"allow": True, "headers": {"x-tier": "gold"}}
    return {"allow": False, "reason": "not on the list"}


def owner(asked: Any) -> Any:
    return {"allow": True, "reason": "owns it"} if asked["order"]["owner"] == asked["subject"] else None


DOCUMENTS = {
    "http/authz/allow": lambda asked: asked["method"] == "GET" and asked["subject"] == "alice",
    "http/authz/undecided": lambda asked: True if asked["subject"] == "carol" else None,
    "http/authz/decision": decision,
    "http/authz/owner": owner,
}


async def status_of(wire: Wire, path: str, caller: str, **settings: Any) -> int:
    """Of a request about which that document decides."""
    async with OpaServer(DOCUMENTS) as opa:
        kind = {"opa": {"path": f"/v1/data/http/authz/{path}", "headers_to_upstream": ["x-tier"], **settings}}
        target = {"targets": [f"http://127.0.0.1:{opa.port}"]}
        async with decision_service(wire, kind, upstream=target) as play:
            client = await play.request(caller=caller)
            if (await client.has_received(b"HTTP/1.1")) or wire.backend.accepted == 0:
                return (await client.message()).status
            assert (await play.passes(client)).get(b"x-tier") == (b"gold" if path == "decision" else None)
            return 200


@pytest.mark.parametrize(
    ("path", "caller", "status", "says"),
    [
        ("allow", "alice", 200, None),
        ("allow", "bob", 403, "denies"),
        ("undecided", "bob", 403, "not defined"),
        ("missing", "alice", 403, "not defined"),
        ("decision", "alice", 200, None),
        ("decision", "bob", 403, "not on the list"),
    ],
)
@scenario()
async def test_documents_decide(wire: Wire, path: str, caller: str, status: int, says: str | None) -> None:
    assert await status_of(wire, path, caller) == status
    assert says is None or says in wire.last_record["log_detail"]


@scenario()
async def test_policies_see_what_the_file_says(wire: Wire) -> None:
    async with OpaServer(DOCUMENTS) as opa:
        ask = {"input": {"subject": "principal.subject", "order": '{"id": path.id, "owner": "alice", "tags": ["a"]}'}}
        kind = {"opa": {"path": "/v1/data/http/authz/owner", "ask": ask}}
        async with decision_service(wire, kind, upstream={"targets": [f"http://127.0.0.1:{opa.port}"]}) as play:
            await play.passes(await play.request())
            assert (await (await play.request(caller="bob")).message()).status == 403
        assert opa.inputs[0] == {"subject": "alice", "order": {"id": "7", "owner": "alice", "tags": ["a"]}}


@scenario()
async def test_every_question_of_a_route_is_asked_until_one_is_denied(wire: Wire) -> None:
    ask = {"point": "pdp", "ask": {"input": {"subject": '"carol"', "method": "request.method"}}}
    async with OpaServer(DOCUMENTS) as opa:
        kind = {"opa": {"path": "/v1/data/http/authz/allow"}}
        target = {"targets": [f"http://127.0.0.1:{opa.port}"]}
        async with decision_service(wire, kind, upstream=target, decide=["pdp", ask, "pdp"]) as play:
            assert (await (await play.request()).message()).status == 403
        assert [each["subject"] for each in opa.inputs] == ["alice", "carol"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"result": True}, 200),
        ({"result": {"allow": True}, "metrics": {}, "warning": {}}, 200),
        ({"result": False}, 403),
        ({}, 403),
        ({"result": None}, 503),
        ({"result": "true"}, 503),
        ({"result": [True]}, 503),
        ({"result": {}}, 503),
        ({"result": {"allow": "true"}}, 503),
        ({"result": {"allow": True, "alow": False}}, 503),
        ({"result": {"allow": True, "headers": {"host": "evil"}}}, 403),
        ({"result": {"allow": True, "obligations": [{"id": "x"}]}}, 403),
        ({"result": True, "errors": []}, 503),
        ({"allow": True}, 503),
    ],
)
@scenario()
async def test_only_a_clear_answer_counts(wire: Wire, answer: Any, status: int) -> None:
    async with decision_service(wire, {"opa": {"path": "/v1/data/a"}}) as play:
        client = await play.request()
        await play.answer(answer)
        if status == 200:
            await play.passes(client)
        else:
            assert (await client.message()).status == status
