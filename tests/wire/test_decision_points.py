"""Requests that somebody else decides about: what is asked, what becomes of them, and what an answer is worth."""

import json
from typing import Any

import pytest

from wire.decision_service import decision_service, json_answer
from wire.peer import turns
from wire.samples import get
from wire.scenario import Wire, scenario

AUTHZEN: dict[str, Any] = {"authzen": {}}
YES, NO = {"decision": True}, {"decision": False}
OOPS = b'HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"decision": true}'
GONE = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"


@scenario()
async def test_a_permission_lets_the_request_pass(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN) as pdp:
        client = await pdp.request("/orders/7?a=1", "X-Request-ID: abc-123")
        question = await pdp.answer(YES)
        assert question.start == b"POST /access/v1/evaluation HTTP/1.1"
        assert question.get(b"content-type") == b"application/json"
        assert question.get(b"x-request-id") == b"abc-123"
        assert json.loads(question.body) == {
            "subject": {"type": "user", "id": "alice", "properties": {"provider": "partners"}},
            "action": {"name": "GET"},
            "resource": {"type": "route", "id": "orders", "properties": {"path": "/orders/7"}},
        }
        await pdp.passes(client)


@scenario()
async def test_a_denial_answers_403_and_says_no_more_than_clients_may_know(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN) as pdp:
        client = await pdp.request()
        reasons = {"reason_admin": {"403": "policy C076E82F"}, "reason_user": {"403": "Ask your administrator"}}
        await pdp.answer({**NO, "context": reasons})
        answer = await client.message()
        assert (answer.status, answer.code) == (403, "forbidden")
        assert json.loads(answer.body)["detail"] == "Ask your administrator"
        assert b"C076E82F" not in answer.body
        assert wire.last_record["log_detail"] == "pdp: policy C076E82F"
        assert wire.backend.accepted == 0


LIES = [
    json_answer({}),
    json_answer({"decision": "true"}),
    json_answer({"decision": 1}),
    json_answer({"decision": None}),
    json_answer({"Decision": True}),
    json_answer([True]),
    json_answer({"evaluations": [YES]}),
    json_answer({"decision": True, "context": []}),
    json_answer({"decision": True, "context": {"error": {"status": 404}}}),
    json_answer(YES, "Content-Encoding: gzip"),
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 37\r\n\r\n"
    + b'{"decision": false, "decision": true}',
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 18\r\n\r\n" + b'{"decision": true}',
    b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n" + b'{"decision": true}',
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n" + b'{"decision": true}',
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    OOPS,
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n" + b'"decision" and "true"'[:20],
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[[[[[",
    b"garbage\r\n\r\n",
]


@pytest.mark.parametrize("lie", LIES)
@scenario()
async def test_an_answer_that_is_not_as_it_must_be_is_none(wire: Wire, lie: bytes) -> None:
    async with decision_service(wire, AUTHZEN) as pdp:
        client = await pdp.request()
        await pdp.say(lie)
        answer = await client.message()
        assert (answer.status, answer.code, answer.get(b"retry-after")) == (503, "decision-unavailable", b"5")
        assert wire.backend.accepted == 0


@scenario()
async def test_an_answer_that_is_too_large_is_none(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, max_answer="1KiB") as pdp:
        client = await pdp.request()
        await pdp.answer({**YES, "context": {"x": "y" * 1024}})
        assert (await client.message()).code == "decision-unavailable"


@scenario()
async def test_a_service_that_hangs_up_in_the_middle_of_its_answer_has_said_nothing(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN) as pdp:
        client = await pdp.request()
        await pdp.say(
            b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"decision": true}'
        )
        (await pdp.service.only()).close()
        assert (await client.message()).code == "decision-unavailable"


@scenario()
async def test_a_service_that_is_slow_or_down_is_not_waited_for(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, timeout="10ms") as pdp:
        assert (await (await pdp.request()).message()).code == "decision-unavailable"
        pdp.service.refuse_connections()
        (await pdp.service.only()).reset()
        assert (await (await pdp.request()).message()).code == "decision-unavailable"


@scenario()
async def test_without_a_decision_requests_pass_only_if_the_file_says_so(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, on_failure="allow") as pdp:
        client = await pdp.request()
        await pdp.say(GONE)
        await pdp.passes(client)
        client = await pdp.request()
        await pdp.answer(NO)
        assert (await client.message()).status == 403
        counted = wire.gateway.plane.metrics_snapshot()["counters"]["decisions"]
        assert counted == {"pdp let-through": 1, "pdp denied": 1}


@pytest.mark.parametrize(
    "nonsense",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n",
        OOPS,
        json_answer({"decision": False, "context": []}),
        json_answer({"decision": False, "context": {"response_headers": {"x-why": "a\r\nb"}}}),
    ],
)
@scenario()
async def test_nobody_gets_past_by_making_the_service_talk_nonsense(wire: Wire, nonsense: bytes) -> None:
    kind = {"authzen": {"headers_to_client": ["x-why"]}}
    async with decision_service(wire, kind, on_failure="allow") as pdp:
        client = await pdp.request()
        await pdp.say(nonsense)
        assert (await client.message()).code == "decision-unavailable"
        assert wire.backend.accepted == 0


@scenario()
async def test_a_service_that_does_not_answer_is_left_alone_and_tried_again(wire: Wire) -> None:
    breaker = {"consecutive_failures": 2, "for": "4s"}
    async with decision_service(wire, AUTHZEN, breaker=breaker) as pdp:
        for _ in range(2):
            client = await pdp.request()
            await pdp.say(GONE)
            assert (await client.message()).code == "decision-unavailable"
        answer = await (await pdp.request()).message()  # nobody is asked
        assert (answer.code, answer.get(b"retry-after")) == ("decision-unavailable", b"4")
        wire.gateway.advance(4)
        first, second = await pdp.request(), await pdp.request(caller="bob")
        await pdp.asked()
        assert (await second.message()).code == "decision-unavailable"  # one question tries
        (await pdp.service.only()).send(json_answer(YES))
        await pdp.passes(first)
        client = await pdp.request()
        await pdp.answer(YES)
        await pdp.passes(client)


@scenario()
async def test_nonsense_for_one_caller_closes_the_way_for_nobody_else(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, breaker={"consecutive_failures": 1}) as pdp:
        for lie in (OOPS, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", json_answer({})):
            client = await pdp.request()
            await pdp.say(lie)
            assert (await client.message()).code == "decision-unavailable"
        client = await pdp.request()
        await pdp.answer(YES)
        await pdp.passes(client)


@scenario()
async def test_a_flapping_service_counts_only_for_its_last_answers_in_a_row(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, breaker={"consecutive_failures": 2}) as pdp:
        for _ in range(3):
            client = await pdp.request()
            await pdp.say(GONE)
            assert (await client.message()).code == "decision-unavailable"
            client = await pdp.request()
            await pdp.answer(YES)
            await pdp.passes(client)


@scenario()
async def test_who_asks_the_same_waits_for_one_answer_even_if_the_first_leaves(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN) as pdp:
        first = await pdp.request()
        await pdp.asked()
        others = [await pdp.request() for _ in range(5)]
        other_caller = await pdp.request(caller="bob")
        theirs = await pdp.service.accept()
        await theirs.message()
        await turns()
        first.reset()
        await turns()
        (await pdp.service.only()).send(json_answer(NO))
        assert [(await each.message()).status for each in others] == [403] * 5
        theirs.send(json_answer(NO))
        assert (await other_caller.message()).status == 403
        assert pdp.service.accepted == 2


@scenario()
async def test_without_a_cache_every_request_is_asked_about(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN) as pdp:
        for _ in range(2):
            client = await pdp.request()
            await pdp.answer(YES)
            await pdp.passes(client)
        client = await pdp.request()
        await pdp.answer(NO)
        assert (await client.message()).status == 403


@scenario()
async def test_answers_are_believed_as_long_as_the_file_says(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, cache={"for": "10s", "denied_for": "2s"}) as pdp:
        client = await pdp.request()
        await pdp.answer(YES)
        await pdp.passes(client)
        wire.gateway.advance(9)
        await pdp.passes(await pdp.request())
        wire.gateway.advance(1)
        client = await pdp.request()
        await pdp.answer(NO)  # it has changed its mind
        assert (await client.message()).status == 403
        assert (await (await pdp.request()).message()).status == 403
        wire.gateway.advance(2)
        client = await pdp.request()
        await pdp.answer(YES)
        await pdp.passes(client)


@scenario()
async def test_a_lack_of_answers_is_not_remembered(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, cache={"for": "10s", "denied_for": "10s"}, on_failure="allow") as pdp:
        client = await pdp.request()
        await pdp.say(GONE)
        await pdp.passes(client)
        client = await pdp.request()
        await pdp.answer(NO)
        assert (await client.message()).status == 403


@scenario()
async def test_what_is_kept_of_one_question_answers_no_other(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, cache={"for": "10s"}) as pdp:
        client = await pdp.request()
        await pdp.answer(YES)
        await pdp.passes(client)
        for target, caller in (("/orders/7", "bob"), ("/orders/8", "alice")):
            client = await pdp.request(target, caller=caller)
            await pdp.answer(NO)
            assert (await client.message()).status == 403
        await pdp.passes(await pdp.request())


@scenario()
async def test_a_declared_key_is_all_that_tells_questions_apart(wire: Wire) -> None:
    cache = {"for": "10s", "key": ["principal.provider", "path.id"]}
    async with decision_service(wire, AUTHZEN, cache=cache) as pdp:
        client = await pdp.request()
        await pdp.answer(YES)
        await pdp.passes(client)
        await pdp.passes(await pdp.request(caller="bob"))  # as the operator has said
        client = await pdp.request("/orders/8")
        await pdp.answer(NO)
        assert (await client.message()).status == 403


@scenario()
async def test_a_reload_keeps_answers_only_of_points_that_stay_as_they_are(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN, cache={"for": "10s"}) as pdp:
        client = await pdp.request()
        await pdp.answer(YES)
        await pdp.passes(client)
        pdp.reconfigure()
        await pdp.passes(await pdp.request())
        entry = {**pdp.configuration["authorization"]["decision_points"]["pdp"], "max_answer": "2KiB"}
        pdp.reconfigure({**pdp.configuration, "authorization": {"decision_points": {"pdp": entry}}})
        client = await pdp.request()
        await pdp.answer(NO)
        assert (await client.message()).status == 403


@scenario()
async def test_a_reload_forgets_what_is_kept_under_declared_keys(wire: Wire) -> None:
    """The route at this place may be another one by then, and ask something else."""
    async with decision_service(wire, AUTHZEN, cache={"for": "10s", "key": ["path.id"]}) as pdp:
        client = await pdp.request()
        await pdp.answer(YES)
        await pdp.passes(client)
        route = pdp.configuration["routes"][0]
        asks = {"point": "pdp", "ask": {"action": {"name": "'delete'"}}}
        pdp.reconfigure({**pdp.configuration, "routes": [{**route, "authorize": {"decide": [asks]}}]})
        client = await pdp.request()
        assert json.loads((await pdp.answer(NO)).body)["action"] == {"name": "delete"}
        assert (await client.message()).status == 403


@scenario()
async def test_what_is_kept_under_a_declared_key_is_found_without_the_question(wire: Wire) -> None:
    kind = {"authzen": {"ask": {"subject": {"id": "request.query.user"}}}}
    async with decision_service(wire, kind, cache={"for": "10s", "key": ["path.id"]}) as pdp:
        client = await pdp.request("/orders/7?user=ada")
        await pdp.answer(YES)
        await pdp.passes(client)
        await pdp.passes(await pdp.request("/orders/7"))
        assert (await (await pdp.request("/orders/8")).message()).status == 403


@scenario()
async def test_clients_do_not_reach_who_is_asked(wire: Wire) -> None:
    async with decision_service(wire, AUTHZEN):
        client = await wire.send(get("/access/v1/evaluation"))
        assert (await client.message()).status == 404


@scenario()
async def test_a_question_that_cannot_be_made_denies_and_is_not_asked(wire: Wire) -> None:
    kind = {"authzen": {"ask": {"subject": {"id": "string(claims.employee)"}}}}
    async with decision_service(wire, kind, on_failure="allow") as pdp:
        assert (await (await pdp.request()).message()).status == 403
        assert "employee" in wire.last_record["log_detail"]
        assert pdp.service.accepted == 0


@scenario()
async def test_nobody_is_asked_about_under_no_name(wire: Wire) -> None:
    kind = {"authzen": {"ask": {"subject": {"id": "principal.tenant"}}}}
    async with decision_service(wire, kind) as pdp:
        assert (await (await pdp.request()).message()).status == 403
        assert "subject.id is empty" in wire.last_record["log_detail"]
        assert pdp.service.accepted == 0


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


LISTED = {"authzen": {"headers_to_upstream": ["X-Tier"], "headers_to_client": ["X-Policy"]}}


@scenario()
async def test_answers_may_set_the_header_fields_that_the_file_lists(wire: Wire) -> None:
    async with decision_service(wire, LISTED) as pdp:
        client = await pdp.request("/orders/7", "X-Tier: forged", "X_Tier: forged", "X-Other: kept")
        context = {"headers": {"X-Tier": "gold"}, "response_headers": {"x-policy": "v7"}}
        await pdp.answer({**YES, "context": context})
        backend = await wire.backend.only()
        received = await backend.message()
        assert received.get_all(b"x-tier") == [b"gold"]
        assert b"forged" not in b"".join(value for _, value in received.fields)
        assert received.get(b"x-other") == b"kept"
        backend.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert (await client.message()).get(b"x-policy") == b"v7"


@scenario()
async def test_a_clients_copy_of_such_a_field_never_passes(wire: Wire) -> None:
    async with decision_service(wire, LISTED, on_failure="allow") as pdp:
        for answer in (json_answer(YES), GONE):
            client = await pdp.request("/orders/7", "X-Tier: forged")
            await pdp.say(answer)
            assert (await pdp.passes(client)).get(b"x-tier") is None


UNFULFILLABLE: list[dict[str, Any]] = [
    {"headers": {"X-Admin": "1"}},
    {"headers": {"X-Policy": "1"}},
    {"headers": ["X-Tier"]},
    {"response_headers": {"X-Tier": "gold"}},
    {"obligations": [{"id": "encrypt-the-answer"}]},
    {"obligations": [{"id": "set-request-headers", "headers": {"Host": "evil"}}]},
    {"obligations": [{"id": "set-request-headers"}]},
    {"obligations": [{}]},
    {"obligations": ["log"]},
    {"obligations": {"id": "log"}},
]


@pytest.mark.parametrize("context", UNFULFILLABLE)
@scenario()
async def test_a_permission_that_wants_what_cannot_be_done_is_none(wire: Wire, context: dict[str, Any]) -> None:
    async with decision_service(wire, LISTED) as pdp:
        client = await pdp.request()
        await pdp.answer({**YES, "context": context})
        assert (await client.message()).status == 403


@scenario()
async def test_obligations_that_are_understood_are_met_and_advice_is_not_needed(wire: Wire) -> None:
    async with decision_service(wire, LISTED) as pdp:
        client = await pdp.request()
        obligations = [{"id": "set-request-headers", "headers": {"x-tier": "gold"}}]
        await pdp.answer({**YES, "context": {"obligations": obligations, "advice": [{"id": "smile"}]}})
        assert (await pdp.passes(client)).get(b"x-tier") == b"gold"


@pytest.mark.parametrize("value", ["gold\r\nX-Admin: 1", "gold\n", "go\x00ld", "\u20ac", 1, None, ["gold"], "x" * 9000])
@scenario()
async def test_header_fields_cannot_be_injected(wire: Wire, value: Any) -> None:
    async with decision_service(wire, LISTED) as pdp:
        client = await pdp.request()
        await pdp.answer({**YES, "context": {"headers": {"x-tier": value}}})
        assert (await client.message()).code == "decision-unavailable"
        assert wire.backend.accepted == 0


@scenario()
async def test_the_service_is_shown_credentials_and_nobody_else_sees_them(wire: Wire) -> None:
    kind = {"authzen": {"headers": {"X-PDP-Key": "s3cret"}}}
    upstream = {"credentials": {"bearer": {"token": "t0ken"}}}
    async with decision_service(wire, kind, upstream=upstream) as pdp:
        client = await pdp.request()
        question = await pdp.answer(YES)
        assert (question.get(b"x-pdp-key"), question.get(b"authorization")) == (b"s3cret", b"Bearer t0ken")
        received = await pdp.passes(client)
        assert (received.get(b"x-pdp-key"), received.get(b"authorization")) == (None, None)
