"""OpenFGA checks relationships: what it is asked, and names that would mean more than somebody."""

import json
from typing import Any

import pytest

from wire.decision_service import decision_service
from wire.scenario import Wire, scenario

STORE, MODEL = "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"
READER = {"relation": "'reader'", "object": {"type": "order", "id": "path.id"}}
FGA: dict[str, Any] = {"openfga": {"store": STORE, "authorization_model_id": MODEL, "ask": READER}}


@scenario()
async def test_one_relationship_is_a_check(wire: Wire) -> None:
    ask = {
        **READER,
        "contextual_tuples": [{"relation": "'member'", "object": {"type": "network", "id": "'office'"}}],
        "context": {"client": "request.client"},
    }
    kind = {"openfga": {**FGA["openfga"], "ask": ask, "consistency": "higher_consistency"}}
    async with decision_service(wire, kind) as fga:
        client = await fga.request()
        question = await fga.answer({"allowed": True, "resolution": ""})
        assert question.start == f"POST /stores/{STORE}/check HTTP/1.1".encode()
        assert json.loads(question.body) == {
            "tuple_key": {"user": "user:alice", "relation": "reader", "object": "order:7"},
            "contextual_tuples": {
                "tuple_keys": [{"user": "user:alice", "relation": "member", "object": "network:office"}]
            },
            "context": {"client": "127.0.0.1"},
            "authorization_model_id": MODEL,
            "consistency": "HIGHER_CONSISTENCY",
        }
        await fga.passes(client)
        client = await fga.request()
        await fga.answer({"allowed": False})
        assert (await client.message()).status == 403


TWO = ["pdp", {"point": "pdp", "ask": {"relation": "'payer'"}}]


@scenario()
async def test_several_are_a_batch(wire: Wire) -> None:
    async with decision_service(wire, FGA, decide=TWO) as fga:
        client = await fga.request()
        question = await fga.answer({"result": {"1": {"allowed": True}, "0": {"allowed": True}}})
        assert question.start == f"POST /stores/{STORE}/batch-check HTTP/1.1".encode()
        body = json.loads(question.body)
        assert [(each["correlation_id"], each["tuple_key"]["relation"]) for each in body["checks"]] == [
            ("0", "reader"),
            ("1", "payer"),
        ]
        assert (body["authorization_model_id"], body["consistency"]) == (MODEL, "MINIMIZE_LATENCY")
        await fga.passes(client)


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ({"0": {"allowed": True}, "1": {"allowed": False}}, 403),
        ({"0": {"allowed": True}}, 503),
        ({"0": {"allowed": True}, "7": {"allowed": True}}, 503),
        ({"0": {"allowed": True}, "1": {"allowed": True}, "2": {"allowed": True}}, 503),
        ({"0": {"allowed": True}, "1": {"error": {"input_error": "validation_error"}}}, 503),
        ({"0": {"allowed": True}, "1": {"allowed": True, "error": {}}}, 503),
        ({"0": {"allowed": True}, "1": {"allowed": "true"}}, 503),
        ([{"allowed": True}, {"allowed": True}], 503),
    ],
)
@scenario()
async def test_each_must_have_an_answer_of_its_own(wire: Wire, result: Any, status: int) -> None:
    async with decision_service(wire, FGA, decide=TWO) as fga:
        client = await fga.request()
        await fga.answer({"result": result})
        assert (await client.message()).status == status


@pytest.mark.parametrize("name", ["*", "x#member", "user:x", "a b", "group:staff#member", "x@y"])
@scenario()
async def test_no_name_can_stand_for_many(wire: Wire, name: str) -> None:
    """`user:*` is everybody, `group:staff#member` everybody in a group."""
    ask = {**READER, "object": {"type": "order", "id": f"'{name}'"}}
    for changed in (ask, {**READER, "user": {"type": "user", "id": f"'{name}'"}}):
        async with decision_service(wire, {"openfga": {"store": STORE, "ask": changed}}) as fga:
            assert (await (await fga.request()).message()).status == 403
            assert "more than an id" in wire.last_record["log_detail"]
            assert fga.service.accepted == 0
