"""`rate_limit` with one limit: buckets, answers and header fields, on a limiter with a real authority."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.limits.lease_client import LeaseClient
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, WrongSettings
from hotgate.policies.limits.rate_limit import POLICY
from unit.policies.limiter import Limiter
from unit.policies.limits.gate import Gate, settings_of


def test_the_step_is_in_its_phase() -> None:
    assert [step.phase for step in Gate(Limiter()).steps] == [Phase.LIMIT]


def test_every_answer_tells_the_limit() -> None:
    gate = Gate(Limiter())
    first, second, third = gate.ask(), gate.ask(), gate.ask()
    assert [answer.status for answer in (first, second, third)] == [200, 200, 429]
    assert [answer.header("ratelimit-policy") for answer in (first, third)] == ['"orders";q=2;w=60'] * 2
    assert [answer.header("ratelimit") for answer in (first, second, third)] == [
        '"orders";r=1;t=30',
        '"orders";r=0;t=60',
        '"orders";r=0;t=30',
    ]
    assert third.header("retry-after") == "30"
    assert third.code == "rate-limited"


def test_a_refusal_says_to_operators_which_rule_of_the_file_it_was() -> None:
    gate = Gate(Limiter(), by="header:x-tenant", limit="1/minute")
    tenant = [(b"x-tenant", b"a-secret-one")]
    gate.ask(fields=tenant)
    assert gate.exchange.decision is None
    refusal = gate.ask(fields=tenant)
    decision = gate.exchange.decision
    assert decision is not None
    assert (decision.policy, decision.rule, decision.allowed) == ("rate_limit", "orders", False)
    assert decision.path == ("routes", 0, "rate_limit")
    assert decision.reason == refusal.log_detail == "limit orders: more than 1 in 1m by header:x-tenant"
    assert gate.exchange.limit is gate.exchange.limits[0]
    assert not gate.exchange.limits[0].allowed


def test_refusals_are_counted_by_limit() -> None:
    gate = Gate(Limiter(), name="mine")
    assert gate.statuses(*["192.0.2.1"] * 4) == [200, 200, 429, 429]
    assert gate.recorder.limited == {"mine refused": 2}


def test_routes_are_apart_unless_they_share() -> None:
    limiter = Limiter()
    orders, users = Gate(limiter, route="orders"), Gate(limiter, route="users")
    assert orders.statuses(*["192.0.2.1"] * 3) + users.statuses("192.0.2.1") == [200, 200, 429, 200]
    first, second = Gate(limiter, route="a", share="orders"), Gate(limiter, route="b", share="orders")
    assert first.statuses("192.0.2.1") + second.statuses(*["192.0.2.1"] * 2) == [200, 200, 429]


@pytest.mark.parametrize(
    "other", [{"limit": "3/minute"}, {"burst": 3}, {"by": "address"}, {"tiers": {"g": "4/minute"}}]
)
def test_who_shares_a_bucket_agrees_about_it(other: dict[str, Any]) -> None:
    services: dict[str, Any] = {"shared_limits": {}}
    Gate(Limiter(), services=services, share="orders", when='request.method == "GET"')
    Gate(Limiter(), services=services, share="orders", cost=2)
    with pytest.raises(WrongSettings) as error:
        Gate(Limiter(), services=services, share="orders", **other)
    assert [each.path for each in error.value.problems] == [("share",)]


def test_a_burst_is_the_size_of_the_bucket() -> None:
    gate = Gate(Limiter(), burst=4)
    assert gate.statuses(*["192.0.2.1"] * 5) == [200] * 4 + [429]
    assert gate.ask("192.0.2.9").header("ratelimit-policy") == '"orders";q=2;w=60'


def test_without_a_decision_nobody_passes() -> None:
    gate = Gate(LeaseClient(lambda message: None, lambda: 0.0))
    answer = gate.ask()
    assert (answer.status, answer.code, answer.header("ratelimit")) == (503, "limit-unavailable", None)
    assert gate.recorder.limited == {"orders unavailable": 1}
    assert gate.exchange.decision is not None
    assert not gate.exchange.decision.allowed


def test_a_message_of_ones_own() -> None:
    gate = Gate(Limiter(), limit="1/minute", message="Ask sales for more.")
    gate.ask()
    assert b'"detail":"Ask sales for more."' in (gate.ask().body or b"")


def test_a_configuration_can_be_checked_without_a_limiter() -> None:
    assert len(POLICY.compile(settings_of({"limit": "1/s"}), CompileContext("orders"))) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        [],
        [{"limit": "1/s"}] * 9,
        {"limit": 100},
        {"limit": "0/s"},
        {"limit": "1/s", "by": "cookie:a"},
        {"limit": "1/s", "by": "header:"},
        {"limit": "1/s", "by": "header:a b"},
        {"limit": "1/s", "by": []},
        {"limit": "1/s", "by": ["route"] * 5},
        {"limit": "1/s", "by": {"cel": ""}},
        {"limit": "1/s", "burst": 0},
        {"limit": "1/s", "burst": True},
        {"limit": "1/366d", "burst": 10**9},
        {"limit": "1/s", "burst": 2, "algorithm": "sliding_window"},
        {"limit": "1/s", "share": 'a"b'},
        {"limit": "1/s", "name": 'a"b'},
        {"limit": "1/s", "shape": "x"},
        {"limit": "1/s", "ipv6_prefix": 0},
        {"limit": "1/s", "tier": "principal.tier"},
        {"limit": "1/s", "tiers": {"gold": "60/minute"}},
        {"limit": "1/s", "cost": 0},
        {"limit": "1/s", "cost": {"cel": "1"}},
        {"limit": "1/s", "cost": {"header": "x-cost", "estimate": 2, "most": 1}},
        {"limit": "1/s", "count": ["teapot"]},
        {"limit": "1/s", "message": "two\nlines"},
        {"limit": "1/s", "headers": "some"},
    ],
)
def test_mistakes_are_refused(settings: Any) -> None:
    with pytest.raises(ValidationError):
        settings_of(settings)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"by": "path:id"}, ("by",)),
        ({"by": ["route", "path:id"]}, ("by", 1)),
        ({"by": {"cel": "principal.nobody"}}, ("by", "cel")),
        ({"by": {"cel": "1"}}, ("by", "cel")),
        ({"when": "principal.tier"}, ("when",)),
        ({"tiers": {"gold": "4/minute"}, "tier": "1"}, ("tier",)),
        ({"tiers": {"a": "999999937/minute", "b": "999999929/minute"}}, ("tiers",)),
        ({"cost": 3}, ("cost",)),
        ({"cost": {"cel": '"1"', "most": 1}}, ("cost", "cel")),
        ({"cost": {"cel": "1", "most": 3}}, ("cost",)),
        ({"tiers": {"free": "1/minute"}, "cost": 2}, ("cost",)),
        ({"tiers": {"a": "999983/minute"}, "cost": {"header": "x", "most": 10**9}}, ("cost", "most")),
    ],
)
def test_mistakes_that_only_compiling_finds_name_their_key(settings: dict[str, Any], path: tuple[Any, ...]) -> None:
    with pytest.raises(WrongSettings) as error:
        Gate(Limiter(), **settings)
    assert [each.path for each in error.value.problems] == [path]
    with pytest.raises(WrongSettings) as error:
        Gate(Limiter(), {"name": "a"}, {"name": "b", **settings})
    assert [each.path for each in error.value.problems] == [(1, *path)]


def test_a_sliding_window_gives_nothing_back_before_its_time() -> None:
    limiter = Limiter()
    bucket = Gate(limiter, limit="2/minute", by="route")
    window = Gate(limiter, limit="2/minute", by="route", route="w", algorithm="sliding_window")
    assert bucket.statuses(*"abc") == window.statuses(*"abc") == [200, 200, 429]
    assert bucket.ask().header("retry-after") == "30"
    assert int(window.ask().header("retry-after") or 0) >= 60
