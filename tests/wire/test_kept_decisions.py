"""What somebody else has decided is believed for a while, and asked once by all who ask the same."""

import json
from typing import Any

from wire.decision_service import decision_service, json_answer
from wire.peer import turns
from wire.scenario import Wire, scenario

AUTHZEN: dict[str, Any] = {"authzen": {}}
YES, NO = {"decision": True}, {"decision": False}
GONE = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"


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
