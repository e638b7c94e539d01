"""Several limits at once: all of them have room, or nothing is taken."""

import asyncio
from typing import Any

import pytest

from hotgate.limits.lease_client import LeaseClient
from hotgate.pipeline.policy import WrongSettings
from hotgate.policies.limits.limit_rule import DRY_RUN
from unit.policies.limiter import Limiter
from unit.policies.limits.gate import Gate, caller

BURST: dict[str, Any] = {"name": "burst", "limit": "2/minute"}
DAILY: dict[str, Any] = {"name": "daily", "limit": "3/day", "by": "route"}


def test_all_of_them_stand_in_one_field_each() -> None:
    gate = Gate(Limiter(), BURST, DAILY)
    answer = gate.ask()
    assert answer.headers.get_all(b"ratelimit-policy") == [b'"burst";q=2;w=60, "daily";q=3;w=86400']
    assert answer.headers.get_all(b"ratelimit") == [b'"burst";r=1;t=30, "daily";r=2;t=57600']
    assert [each.policy for each in gate.exchange.limits] == ["burst", "daily"]
    assert gate.exchange.limit is gate.exchange.limits[0]


def test_the_one_that_is_used_up_refuses() -> None:
    gate = Gate(Limiter(), BURST, DAILY)
    assert gate.statuses(*["192.0.2.1"] * 3) == [200, 200, 429]
    assert gate.exchange.decision is not None
    assert (gate.exchange.decision.rule, gate.exchange.decision.path) == ("burst", ("routes", 0, "rate_limit", 0))
    assert gate.statuses("192.0.2.2") == [200]
    refusal = gate.ask("192.0.2.3")
    assert (refusal.status, gate.exchange.decision.rule) == (429, "daily")
    assert gate.exchange.decision.path == ("routes", 0, "rate_limit", 1)
    assert gate.exchange.limit is not None
    assert gate.exchange.limit.policy == "daily"


def test_what_the_first_gave_is_given_back_when_the_second_refuses() -> None:
    gate = Gate(Limiter(), {"name": "mine", "limit": "5/minute", "by": "address"}, {**DAILY, "limit": "1/day"})
    assert gate.statuses(*["192.0.2.1"] * 9) == [200, *[429] * 8]
    assert {gate.exchange.decision.rule for _ in range(1) if gate.exchange.decision} == {"daily"}
    assert gate.recorder.limited == {"daily refused": 8}


def test_a_refusal_tells_all_policies_but_only_the_limit_that_is_used_up() -> None:
    gate = Gate(Limiter(), {"name": "first", "limit": "9/minute"}, {**BURST, "limit": "1/minute"}, DAILY)
    gate.ask()
    refusal = gate.ask()
    assert refusal.headers.get_all(b"ratelimit-policy") == [b'"first";q=9;w=60, "burst";q=1;w=60, "daily";q=3;w=86400']
    assert refusal.headers.get_all(b"ratelimit") == [b'"burst";r=0;t=60']
    assert refusal.header("retry-after") == "60"


def test_nothing_is_taken_when_one_of_them_cannot_be_asked() -> None:
    class Half(Limiter):
        def spend(self, limit: Any, key: str, cost: int = 1) -> Any:
            return None if limit.name == "daily" else super().spend(limit, key, cost)

    gate = Gate(Half(), BURST, DAILY)
    assert gate.statuses(*["192.0.2.1"] * 5) == [503] * 5
    assert gate.recorder.limited == {"daily unavailable": 5}


@pytest.mark.parametrize("second", [{}, {"name": "orders", "share": "s"}, {"name": "b", "share": "s"}])
def test_each_has_buckets_of_its_own(second: dict[str, Any]) -> None:
    Gate(Limiter(), {"name": "a"}, {"name": "b"}, {"name": "c", "share": "s"})
    with pytest.raises(WrongSettings) as error:
        Gate(Limiter(), {"share": "s"} if second else {}, second)
    assert [each.path for each in error.value.problems] == [(1, "name")]


def test_a_condition_chooses_whom_a_limit_is_for() -> None:
    gate = Gate(Limiter(), {"limit": "1/minute", "when": 'request.method == "POST"'})
    assert [gate.ask(method=method).status for method in ("GET", "GET", "POST", "POST", "GET")] == [
        200,
        200,
        200,
        429,
        200,
    ]
    assert gate.ask().header("ratelimit") is None


def test_a_condition_that_fails_applies_the_limit() -> None:
    gate = Gate(Limiter(), {"limit": "1/minute", "when": 'request.headers["x-robot"] == "1"'})
    assert gate.statuses("192.0.2.1", "192.0.2.1") == [200, 429]
    assert gate.ask(fields=[(b"x-robot", b"0")]).status == 200


def test_a_dry_run_refuses_nobody_and_tells_operators(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate(Limiter(), BURST, {"name": "trial", "limit": "1/minute", "dry_run": True})
    first = gate.ask()
    assert first.headers.get_all(b"ratelimit-policy") == [b'"burst";q=2;w=60']
    assert DRY_RUN not in gate.exchange.state
    assert [gate.ask().status, gate.ask("192.0.2.2").status] == [200, 200]
    assert DRY_RUN not in gate.exchange.state
    assert [gate.ask("192.0.2.2").status for _ in range(3)] == [200, 429, 429]
    assert gate.recorder.limited == {"trial dry-run": 2, "burst refused": 2}
    assert [vars(record)["facts"]["requests"] for record in caplog.records] == [1], "and not a line for every request"


def test_a_dry_run_is_there_for_explanations() -> None:
    gate = Gate(Limiter(), limit="1/minute", dry_run=True)
    gate.ask()
    gate.ask()
    (decision,) = gate.exchange.state[DRY_RUN]
    assert (decision.policy, decision.rule, decision.allowed) == ("rate_limit", "orders", False)
    assert gate.exchange.decision is None
    assert gate.exchange.limits == ()


def test_a_dry_run_that_cannot_be_asked_lets_pass() -> None:
    gate = Gate(LeaseClient(lambda message: None, lambda: 0.0), dry_run=True)
    assert gate.statuses("192.0.2.1") == [200]


def test_a_dry_run_takes_nothing_from_a_limit_that_refuses_behind_it() -> None:
    gate = Gate(Limiter(), {"name": "trial", "limit": "3/minute", "dry_run": True}, {**DAILY, "limit": "1/day"})
    assert gate.statuses(*["192.0.2.1"] * 6) == [200, *[429] * 5]
    assert gate.recorder.limited == {"daily refused": 5}


def test_a_caller_that_waits_is_told_like_one_that_does_not() -> None:
    """The first request of each bucket asks the authority; here the second and third limits do, one after the other."""
    gate = Gate(Limiter(), {"name": "a"}, {"name": "b"}, {"name": "c"})
    assert gate.ask(principal=caller()).headers.get_all(b"ratelimit") == [b'"a";r=1;t=30, "b";r=1;t=30, "c";r=1;t=30']


class Silent(Limiter):
    """Never answers about one limit."""

    def spend(self, limit: Any, key: str, cost: int = 1) -> Any:
        if limit.name == "silent":
            return asyncio.get_running_loop().create_future()
        return super().spend(limit, key, cost)


def test_who_leaves_while_the_second_is_asked_has_used_the_first() -> None:
    """Otherwise whoever leaves in time would ask for nothing."""
    limiter = Silent()
    gate = Gate(limiter, {"name": "first", "limit": "1/minute"}, {"name": "silent", "limit": "9/minute"})

    async def leave() -> None:
        waiting = asyncio.ensure_future(gate.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave())
    assert gate.ask().status == 429
