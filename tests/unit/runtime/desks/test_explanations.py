"""Questions of operators to a running gateway: bounded, about what is in force, and answered whatever comes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hotgate.control.api.explain import Question
from hotgate.control.gateway_state import ExplainBusy
from hotgate.keys.explain_ticket import is_good_ticket
from hotgate.keys.sealing_ring import SealingKey, SealingRing
from hotgate.runtime.desks.explanations import MAX_WAITING, Explanations
from hotgate.runtime.explaining.peeking import World
from unit.runtime.explaining.asking import written

NOW = 1_800_000_000.0
RING = SealingRing([SealingKey.generate(0.0)])
ROUTE = 'routes: [{name: all, match: {path: "/*"}, public: true, upstream: api, rate_limit: {limit: 1/s, by: route}}]\n'
WAITS = (
    """\
identity: {staff: {basic: {users: {ann: {hash: "$2b$12$"""
    + "a" * 53
    + """"}}}}}
routes: [{name: all, match: {path: "/*", hosts: [localhost]}, authenticate: [staff], upstream: api}]
"""
)
QUESTION = Question(target="/orders/7", headers={"authorization": "Basic YW5uOng="})


def desk(world: World | None = None) -> Explanations:
    return Explanations(lambda loaded: world or World(), lambda: NOW)


def test_nothing_is_said_before_a_configuration_is_in_force() -> None:
    with pytest.raises(ExplainBusy):
        asyncio.run(desk().explain(QUESTION))


def test_it_is_about_the_configuration_in_force(tmp_path: Path) -> None:
    explanations = desk()

    async def script() -> list[str]:
        found = []
        for text in (ROUTE, "routes: []\n", ROUTE):
            explanations.follow(written(tmp_path, text))
            found.append((await explanations.explain(QUESTION)).code)
        return found

    assert asyncio.run(script()) == ["", "route-not-found", ""]


def test_few_questions_may_wait(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def ask(about: str, body: Any, wait: float | None = None) -> Any:
        await gate.wait()
        return {"right": False}

    explanations = desk(World(ask=ask))
    explanations.follow(written(tmp_path, WAITS))

    async def script() -> None:
        waiting = [asyncio.ensure_future(explanations.explain(QUESTION)) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(ExplainBusy):
            await explanations.explain(QUESTION)
        gate.set()
        assert {each.code for each in await asyncio.gather(*waiting)} == {"password-wrong"}
        await explanations.explain(QUESTION)

    asyncio.run(script())


@pytest.mark.parametrize("question", [{}, {"target": 7}, {"target": "/a", "x": 1}, [], "x", None, {"target": "/a b"}])
def test_a_command_that_asks_nonsense_is_told_so(question: Any, tmp_path: Path) -> None:
    explanations = desk()
    explanations.follow(written(tmp_path, ROUTE))
    assert asyncio.run(explanations.answer(question))["reason"].startswith("cannot be explained")


def test_a_command_is_answered_in_json_types(tmp_path: Path) -> None:
    explanations = desk()
    explanations.follow(written(tmp_path, ROUTE))
    answer = asyncio.run(explanations.answer({"target": "/orders/7"}))
    assert (answer["reason"], answer["explained"]["decision"]) == ("", "allow")


def test_workers_hear_where_a_rule_stands(tmp_path: Path) -> None:
    explanations = desk()
    loaded = written(tmp_path, ROUTE)
    explanations.follow(loaded)
    assert asyncio.run(explanations.position(["routes", 0, "rate_limit"])) == f"{loaded.file}:3"
    for wrong in ("routes", [["routes"]], [None], ["a"] * 100):
        with pytest.raises((TypeError, ValueError)):
            asyncio.run(explanations.position(wrong))


def test_tickets_are_made_only_where_answers_are_explained(tmp_path: Path) -> None:
    explanations = desk()
    explanations.follow(written(tmp_path, ROUTE))
    assert explanations.ticket(RING.message) is None
    explanations.follow(written(tmp_path, "admin: {explain: true}\n" + ROUTE))
    assert explanations.ticket(None) is None
    made = explanations.ticket(RING.message)
    assert made is not None
    assert is_good_ticket(RING, made[0].encode(), NOW)


def test_who_leaves_does_not_stop_the_others(tmp_path: Path) -> None:
    """The first question has the configuration compiled, for all that wait."""
    explanations = desk()
    explanations.follow(written(tmp_path, ROUTE))

    async def script() -> str:
        first, second = [asyncio.ensure_future(explanations.explain(QUESTION)) for _ in range(2)]
        await asyncio.sleep(0)
        first.cancel()
        return (await second).decision

    assert asyncio.run(script()) == "allow"
