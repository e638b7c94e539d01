"""Rates of tiers: one bucket, whatever tier somebody is in."""

from typing import Any

from unit.policies.limiter import Limiter
from unit.policies.limits.gate import Gate, caller

TIERS: dict[str, Any] = {"limit": "2/minute", "tiers": {"gold": "6/minute", "trial": "1/minute"}}


def statuses(gate: Gate, tier: str | None, count: int) -> list[int]:
    return [gate.ask(principal=caller(tier=tier)).status for _ in range(count)]


def test_each_tier_has_its_rate_and_others_the_common_one() -> None:
    assert statuses(Gate(Limiter(), **TIERS), "gold", 7) == [200] * 6 + [429]
    assert statuses(Gate(Limiter(), **TIERS), None, 3) == [200, 200, 429]
    assert statuses(Gate(Limiter(), **TIERS), "unheard-of", 3) == [200, 200, 429]
    assert statuses(Gate(Limiter(), **TIERS), "trial", 2) == [200, 429]


def test_guests_have_the_common_rate() -> None:
    assert Gate(Limiter(), **TIERS).statuses(*["192.0.2.1"] * 3) == [200, 200, 429]


def test_answers_tell_the_rate_of_the_tier() -> None:
    gate = Gate(Limiter(), **TIERS)
    answer = gate.ask(principal=caller(tier="gold"))
    assert answer.header("ratelimit-policy") == '"orders";q=6;w=60'
    assert answer.header("ratelimit") == '"orders";r=5;t=50'
    answer = gate.ask(principal=caller("bob"))
    assert answer.header("ratelimit-policy") == '"orders";q=2;w=60'
    assert answer.header("ratelimit") == '"orders";r=1;t=30'


def test_decisions_are_in_requests_of_the_tier() -> None:
    gate = Gate(Limiter(), **TIERS)
    statuses(gate, "trial", 1)
    assert [(each.quota, each.remaining, each.allowed) for each in gate.exchange.limits] == [(1, 0, True)]
    statuses(gate, "trial", 1)
    assert [(each.quota, each.remaining, each.allowed) for each in gate.exchange.limits] == [(1, 0, False)]


def test_a_refusal_names_the_rate_of_the_tier() -> None:
    gate = Gate(Limiter(), **TIERS)
    statuses(gate, "trial", 2)
    assert gate.exchange.decision is not None
    assert gate.exchange.decision.reason == "limit orders: more than 1 in 1m by principal"


def test_whoever_changes_tier_finds_no_second_bucket() -> None:
    gate = Gate(Limiter(), **TIERS)
    assert statuses(gate, "gold", 7)[-1] == 429
    assert statuses(gate, None, 1) + statuses(gate, "trial", 1) + statuses(gate, "gold", 1) == [429, 429, 429]


def test_the_bucket_stays_as_full_as_it_was_in_proportion() -> None:
    gate = Gate(Limiter(), **TIERS)
    assert statuses(gate, None, 1) == [200]  # half of it
    assert statuses(gate, "gold", 4) == [200, 200, 200, 429]


def test_a_burst_grows_with_the_tier() -> None:
    gate = Gate(Limiter(), **TIERS, burst=4)
    assert statuses(gate, "gold", 13) == [200] * 12 + [429]
    gate = Gate(Limiter(), **TIERS, burst=4)
    assert statuses(gate, None, 5) == [200] * 4 + [429]


def test_an_expression_gives_the_tier_and_its_failure_the_slowest() -> None:
    expression = 'request.headers["x-plan"]'
    gate = Gate(Limiter(), **TIERS, tier=expression)
    gold = [(b"x-plan", b"gold")]
    assert [gate.ask("192.0.2.1", fields=gold).status for _ in range(7)] == [200] * 6 + [429]
    assert gate.statuses("192.0.2.2", "192.0.2.2") == [200, 429]


def test_costs_are_in_requests_of_the_tier() -> None:
    settings: dict[str, Any] = {"limit": "4/minute", "tiers": {"gold": "8/minute"}, "cost": 2}
    assert statuses(Gate(Limiter(), **settings), None, 3) == [200, 200, 429]
    assert statuses(Gate(Limiter(), **settings), "gold", 5) == [200] * 4 + [429]
