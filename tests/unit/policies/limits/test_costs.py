"""What a request takes: fixed, by the request, by the answer, or nothing after all; and what lies about it."""

from typing import Any

import pytest

from hotgate.http.headers import Headers
from hotgate.http.response import Response
from hotgate.pipeline.phase import Phase
from unit.policies.limiter import Limiter
from unit.policies.limits.gate import Gate

TOLD = {"header": "X-Cost", "estimate": 2, "most": 5}


def costing(*values: bytes, status: int = 200) -> Response:
    return Response(status, Headers([(b"x-cost", value) for value in values]))


def left(gate: Gate) -> int:
    """How many tokens a caller has left, by asking for them one by one."""
    return sum(1 for _ in range(30) if gate.ask().status != 429)


def spent(settings: dict[str, Any], *answers: Response, limit: int = 10) -> int:
    """How many of so many tokens some requests have taken."""
    limiter = Limiter()
    gate, rest = (Gate(limiter, limit=f"{limit}/day", share="s", **each) for each in (settings, {}))
    for answer in answers:
        assert gate.ask(answer=answer).status == answer.status
    return limit - left(rest)


def test_a_fixed_cost_is_taken_and_told_in_units_of_the_limit() -> None:
    gate = Gate(Limiter(), limit="10/minute", cost=4)
    assert gate.ask().header("ratelimit") == '"orders";r=6;t=36'
    assert gate.statuses(*["192.0.2.1"] * 2) == [200, 429]


@pytest.mark.parametrize(
    ("method", "cost"), [("GET", 1), ("POST", 5), ("HEAD", 0), ("PUT", 5), ("DELETE", 5), ("PATCH", 5)]
)
def test_a_computed_cost_is_never_less_than_nothing_and_never_more_than_the_most(method: str, cost: int) -> None:
    costs = '{"GET": 1, "POST": 5, "HEAD": 0, "PUT": -3, "DELETE": 1000000000000}[request.method]'
    limiter = Limiter()
    gate = Gate(limiter, limit="10/day", share="s", cost={"cel": costs, "most": 5})
    gate.ask(method=method)
    assert 10 - left(Gate(limiter, limit="10/day", share="s")) == cost


def test_a_request_that_costs_nothing_is_told_nothing() -> None:
    gate = Gate(Limiter(), cost={"cel": "0", "most": 1})
    assert [gate.ask().status for _ in range(9)] == [200] * 9
    assert gate.ask().header("ratelimit") is None


@pytest.mark.parametrize(
    ("values", "cost"),
    [
        ((b"1",), 1),
        ((b"2",), 2),
        ((b"0",), 0),
        ((b"5",), 5),
        ((), 2),
        ((b"6",), 5),
        ((b"999999999",), 5),
        ((b"9" * 4000,), 5),
        ((b"-3",), 5),
        ((b"+1",), 5),
        ((b"1.5",), 5),
        ((b"1e0",), 5),
        ((b"0x1",), 5),
        ((b"",), 5),
        ((b"free",), 5),
        ((b"1 ",), 5),
        ((b"\xd9\xa1",), 5),
        ((b"1, 1",), 5),
        ((b"1", b"1"), 5),
        ((b"0", b"9"), 5),
    ],
)
def test_an_answer_says_what_its_request_has_cost_and_lies_cost_the_most(values: tuple[bytes, ...], cost: int) -> None:
    assert spent({"cost": TOLD}, costing(*values)) == cost


def test_what_is_more_than_there_is_becomes_debt() -> None:
    gate = Gate(Limiter(), limit="3/day", cost=TOLD)
    assert gate.ask(answer=costing(b"5")).status == 200
    assert gate.ask().status == 429


def test_the_field_is_removed_if_that_is_asked() -> None:
    assert Gate(Limiter(), limit="9/day", cost=TOLD).ask(answer=costing(b"1")).header("x-cost") == "1"
    assert (
        Gate(Limiter(), limit="9/day", cost={**TOLD, "remove": True}).ask(answer=costing(b"1")).header("x-cost") is None
    )


def test_who_leaves_before_the_answer_pays_the_most() -> None:
    limiter = Limiter()
    Gate(limiter, limit="10/day", share="s", cost=TOLD).leave()
    assert left(Gate(limiter, limit="10/day", share="s")) == 5


@pytest.mark.parametrize(("status", "cost"), [(200, 0), (404, 1), (401, 1), (403, 0), (500, 1), (503, 1), (429, 0)])
def test_only_declared_statuses_count(status: int, cost: int) -> None:
    assert spent({"count": [401, 404, "5xx"]}, Response(status)) == cost


def test_failures_are_limited_and_successes_are_not() -> None:
    gate = Gate(Limiter(), limit="2/day", count=[401])
    assert [gate.ask().status for _ in range(9)] == [200] * 9
    assert [gate.ask(answer=Response(401)).status for _ in range(2)] == [401, 401]
    assert gate.ask().status == 429, "whoever has failed too often is not asked any more"


def test_a_failure_counts_although_the_client_has_left() -> None:
    gate = Gate(Limiter(), limit="2/day", count=[401])
    gate.leave()
    gate.leave()
    assert gate.ask().status == 429


def test_a_tunnel_is_no_failure() -> None:
    gate = Gate(Limiter(), limit="1/day", count=[401])
    for _ in range(3):
        gate.switch()
    assert gate.ask().status == 200


def test_failures_may_cost_what_their_answers_say() -> None:
    settings = {"count": ["4xx"], "cost": TOLD}
    assert spent(settings, costing(b"4"), costing(b"4", status=404)) == 4


def test_a_request_that_another_limit_refuses_is_not_settled() -> None:
    gate = Gate(Limiter(), {"name": "a", "limit": "9/day", "count": [401]}, {"name": "b", "limit": "1/day"})
    assert [gate.ask().status for _ in range(3)] == [200, 429, 429]


def test_only_limits_that_look_at_answers_have_steps_behind_them() -> None:
    plain = Gate(Limiter(), {"name": "a", "cost": 2}, {"name": "b"})
    assert [step.phase for step in plain.steps] == [Phase.LIMIT]
    looking = Gate(Limiter(), {"name": "a"}, {"name": "b", "count": [404]})
    assert [step.phase for step in looking.steps] == [Phase.LIMIT, Phase.RESPOND, Phase.FINISH]


class Noting(Limiter):
    """Remembers what was given back."""

    def __init__(self) -> None:
        super().__init__()
        self.refunds: list[tuple[int, float]] = []

    def refund(self, limit: Any, key: str, tokens: int, spent_at: float) -> None:
        self.refunds.append((tokens, spent_at))


def test_what_comes_back_was_spent_no_earlier_than_its_request_came() -> None:
    limiter = Noting()
    gate = Gate(limiter, limit="10/day", cost={"header": "X-Cost", "estimate": 5, "most": 9}, count=[200])
    gate.started = 12.5
    gate.ask(answer=costing(b"2"))
    gate.started = 20.0
    gate.ask(answer=Response(404))
    gate = Gate(limiter, {"name": "a", "limit": "90/day"}, {"name": "b", "limit": "1/day", "by": "route"}, route="r")
    gate.started = 50.0
    assert gate.statuses("192.0.2.1", "192.0.2.2") == [200, 429]
    assert limiter.refunds == [(3, 12.5), (5, 20.0), (1, 50.0)]


def test_a_window_counts_failures_and_no_success() -> None:
    gate = Gate(Limiter(), limit="3/minute", algorithm="sliding_window", count=[401])
    for _ in range(2):
        assert [gate.ask().status for _ in range(9)] == [200] * 9
        assert gate.ask(answer=Response(401)).status == 401
    assert gate.ask(answer=Response(401)).status == 401
    assert gate.ask().status == 429
