"""Who is given up when a worker has too much to do."""

import random
from collections.abc import Callable

import pytest

from hotgate.limits.concurrency.priority import Priority
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.pipeline.route_priority import RoutePriority
from hotgate.pipeline.shedding import Shedding
from hotgate.testing import make_exchange

CRITICAL, HIGH, NORMAL, LOW = Priority


def exchange_of(best: Priority, of: Callable[[Exchange], Priority] | None = None) -> Exchange:
    exchange = make_exchange()
    exchange.route = Route("orders", priority=RoutePriority(best, of))
    return exchange


def shedding_at(level: float, seed: int = 7) -> Shedding:
    shedding = Shedding(random.Random(seed).random)
    shedding.follow(level, "loop_lag", 5)
    return shedding


def share_shed(level: float, priority: Priority) -> float:
    shedding = shedding_at(level)
    return sum(shedding.before_caller_is_known(exchange_of(priority)) is not None for _ in range(2000)) / 2000


@pytest.mark.parametrize(
    ("level", "shares"),
    [
        (0.0, (0.0, 0.0, 0.0, 0.0)),
        (1 / 6, (0.0, 0.0, 0.0, 0.5)),
        (0.5, (0.0, 0.0, 0.5, 1.0)),
        (5 / 6, (0.0, 0.5, 1.0, 1.0)),
        (1.0, (0.0, 1.0, 1.0, 1.0)),
    ],
)
def test_the_least_important_first_and_the_critical_never(level: float, shares: tuple[float, ...]) -> None:
    assert [share_shed(level, priority) for priority in Priority] == pytest.approx(shares, abs=0.05)


def test_what_is_said() -> None:
    shedding, exchange = shedding_at(1.0), exchange_of(NORMAL)
    answer = shedding.before_caller_is_known(exchange)
    assert answer is not None
    assert (answer.status, answer.code) == (503, "overloaded")
    assert exchange.decision is not None
    assert (exchange.decision.policy, exchange.decision.rule) == ("overload", "loop_lag")
    assert exchange.decision.path == ("overload", "loop_lag")
    assert "normal" in exchange.decision.reason
    assert shedding.shed == {"high": 0, "normal": 1, "low": 0}


def test_clients_are_not_told_to_come_back_all_at_once() -> None:
    shedding = shedding_at(1.0)
    answers = [shedding.before_caller_is_known(exchange_of(LOW)) for _ in range(200)]
    assert {answer.header("retry-after") for answer in answers if answer} == {"1", "2", "3", "4", "5"}


@pytest.mark.parametrize("level", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("priority", list(Priority))
def test_two_looks_at_a_request_shed_no_more_than_one(level: float, priority: Priority) -> None:
    """First by the best class its caller could have, then by the one that it has."""
    shedding = shedding_at(level)
    exchange = exchange_of(min(HIGH, priority), lambda _: priority)
    shed = [shedding.before_caller_is_known(exchange) or shedding.once_caller_is_known(exchange) for _ in range(2000)]
    assert sum(each is not None for each in shed) / 2000 == pytest.approx(share_shed(level, priority), abs=0.05)


def test_without_pressure_nobody_is_looked_at_again() -> None:
    shedding = shedding_at(0.0)
    assert not shedding.is_active
    assert shedding.once_caller_is_known(exchange_of(HIGH, lambda _: 1 / 0)) is None  # type: ignore[arg-type, return-value]
