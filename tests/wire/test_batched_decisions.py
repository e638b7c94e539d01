"""Several questions about one request: one call, and an answer for each."""

import json
from typing import Any

import pytest

from wire.decision_service import decision_service
from wire.scenario import Wire, scenario

AUTHZEN: dict[str, Any] = {"authzen": {}}
YES, NO = {"decision": True}, {"decision": False}
TWO = [
    {"point": "pdp", "ask": {"resource": {"type": "order", "id": "path.id"}}},
    {"point": "pdp", "ask": {"resource": {"type": "shop", "id": "'main'"}, "context": {"client": "request.client"}}},
]


@scenario()
async def test_several_questions_go_in_one_call(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, decide=TWO) as pdp:
        client = await pdp.request()
        question = await pdp.answer({"evaluations": [YES, YES]})
        assert question.start == b"POST /access/v1/evaluations HTTP/1.1"
        assert json.loads(question.body) == {
            "subject": {"type": "user", "id": "alice", "properties": {"provider": "partners"}},
            "action": {"name": "GET"},
            "evaluations": [
                {"resource": {"type": "order", "id": "7", "properties": {"path": "/orders/7"}}},
                {
                    "resource": {"type": "shop", "id": "main", "properties": {"path": "/orders/7"}},
                    "context": {"client": "127.0.0.1"},
                },
            ],
            "options": {"evaluations_semantic": "execute_all"},
        }
        await pdp.passes(client)
        client = await pdp.request()
        await pdp.answer({"evaluations": [YES, NO]})
        assert (await client.message()).status == 403


@pytest.mark.parametrize("evaluations", [[YES], [], [YES, YES, YES], [NO], [YES, {}], {"0": YES, "1": YES}, None])
@scenario()
async def test_other_than_one_answer_for_each_question_is_none(wire: Wire, evaluations: Any) -> None:
    async with decision_service(wire, AUTHZEN, decide=TWO) as pdp:
        client = await pdp.request()
        await pdp.answer({"evaluations": evaluations, **YES})
        assert (await client.message()).code == "decision-unavailable"


@pytest.mark.parametrize(("evaluations", "status"), [([NO], 403), ([YES], 503), ([YES, NO], 403), ([YES, YES], 200)])
@scenario()
async def test_a_point_may_stop_at_the_first_denial_if_it_was_told_so(
    wire: Wire, evaluations: Any, status: int
) -> None:
    kind = {"authzen": {"evaluations_semantic": "deny_on_first_deny"}}
    async with decision_service(wire, kind, decide=TWO) as pdp:
        client = await pdp.request()
        question = await pdp.answer({"evaluations": evaluations})
        assert json.loads(question.body)["options"] == {"evaluations_semantic": "deny_on_first_deny"}
        if status == 200:
            await pdp.passes(client)
        else:
            assert (await client.message()).status == status


@scenario()
async def test_only_what_is_not_known_is_asked_again(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, decide=TWO, cache={"for": "10s"}) as pdp:
        client = await pdp.request()
        await pdp.answer({"evaluations": [YES, NO]})
        assert (await client.message()).status == 403
        client = await pdp.request()
        question = await pdp.answer(YES)
        assert json.loads(question.body)["resource"]["type"] == "shop"
        await pdp.passes(client)
