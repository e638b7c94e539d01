"""Which class a request has: by its route, by conditions, by the tier of its caller."""

from typing import Any

import pytest

from hotgate.config.priorities import Priorities
from hotgate.identity.principal import Principal
from hotgate.limits.concurrency.priority import Priority
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.limits.priorities import compile_priorities, route_priority, shedding_steps
from hotgate.testing import make_exchange


def compiled(**settings: Any) -> tuple[Any, list[tuple[int, str]]]:
    wrong: list[tuple[int, str]] = []
    return compile_priorities(Priorities.model_validate(settings), {}, lambda *each: wrong.append(each)), wrong


def class_of(exchange: Exchange, **settings: Any) -> Priority:
    callers, wrong = compiled(**settings)
    assert wrong == []
    return route_priority(None, callers).known(exchange)


def call(tier: str | None = None, headers: dict[str, str] | None = None, **principal: Any) -> Exchange:
    who = Principal("ada", provider="corp", mechanism="jwt", tier=tier, **principal)
    return make_exchange(principal=who, headers=headers)


TIERS = {"tiers": {"gold": "high", "free": "low"}}


@pytest.mark.parametrize(
    ("tier", "expected"), [("gold", "HIGH"), ("free", "LOW"), ("other", "NORMAL"), (None, "NORMAL")]
)
def test_tiers(tier: str | None, expected: str) -> None:
    assert class_of(call(tier), **TIERS).name == expected


def test_nobody_known_is_normal() -> None:
    assert class_of(make_exchange(), **TIERS) is Priority.NORMAL


def test_rules_go_before_tiers() -> None:
    rules = [{"when": "principal.client == 'checkout'", "priority": "critical"}]
    assert class_of(call("free", client="checkout"), rules=rules, **TIERS) is Priority.CRITICAL
    assert class_of(call("free", client="shop"), rules=rules, **TIERS) is Priority.LOW


def test_a_route_with_a_class_keeps_it_whoever_calls() -> None:
    callers, _ = compiled(**TIERS)
    priority = route_priority("low", callers)
    assert priority.known(call("gold")) is Priority.LOW
    assert shedding_steps(priority, {"shedding": object()}) == []


def test_a_client_cannot_say_that_it_is_important() -> None:
    claims = {"X-Tier": "gold", "X-Priority": "critical", "Priority": "u=0"}
    assert class_of(call("free", headers=claims), **TIERS) is Priority.LOW


@pytest.mark.parametrize(
    "condition", ["request.headers['x-tier'] == 'gold'", "request.query['p'] == '1'", "'1' in request.query_lists['p']"]
)
def test_what_clients_choose_must_be_declared(condition: str) -> None:
    rule = {"when": condition, "priority": "high"}
    _, wrong = compiled(rules=[{"when": "true", "priority": "low"}, rule])
    assert [(index, "client_chooses" in message) for index, message in wrong] == [(1, True)]
    assert compiled(rules=[{**rule, "client_chooses": True}])[1] == []


def test_a_condition_that_fails_makes_nobody_more_important() -> None:
    unknown = "claims.plan == 'gold'"
    assert class_of(call(), rules=[{"when": unknown, "priority": "high"}]) is Priority.NORMAL
    assert class_of(call(), rules=[{"when": unknown, "priority": "low"}]) is Priority.LOW


def test_a_condition_that_is_wrong() -> None:
    _, wrong = compiled(rules=[{"when": "principal.teir == 'gold'", "priority": "high"}])
    assert "did you mean 'principal.tier'" in wrong[0][1]


def test_before_the_caller_is_known_it_may_be_the_best() -> None:
    callers, _ = compiled(**TIERS)
    assert route_priority(None, callers).best is Priority.HIGH
    assert route_priority(None, compiled(tiers={"free": "low"})[0]).best is Priority.NORMAL
    assert route_priority(None, None).best is Priority.NORMAL
