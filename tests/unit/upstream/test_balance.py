"""Who serves the next request."""

from collections import Counter

import pytest

from hotgate.upstream.balance import BALANCERS, least_requests, round_robin
from hotgate.upstream.target import Target


def targets(*weights: int) -> list[Target]:
    return [Target(str(index), "127.0.0.1", 9000 + index, weight=weight) for index, weight in enumerate(weights)]


def test_in_turn() -> None:
    choose = round_robin(targets(1, 1, 1))
    assert [choose(None).name for _ in range(6)] == ["0", "1", "2", "0", "1", "2"]


def test_weights_are_exact_and_smooth() -> None:
    choose = round_robin(targets(5, 1, 1))
    order = [choose(None).name for _ in range(7)]
    assert Counter(order) == {"0": 5, "1": 1, "2": 1}
    assert "00000" not in "".join(order + order)


def test_large_weights_with_a_common_divisor_stay_small() -> None:
    choose = round_robin(targets(1000, 500))
    assert Counter(choose(None).name for _ in range(3)) == {"0": 2, "1": 1}


@pytest.mark.parametrize("name", list(BALANCERS))
def test_one_target(name: str) -> None:
    (only,) = targets(3)
    choose = BALANCERS[name]([only])
    assert {choose(None) for _ in range(3)} == {only}


def test_the_least_busy_one() -> None:
    first, second, third = all_targets = targets(1, 1, 1)
    choose = least_requests(all_targets)
    first.active, second.active, third.active = 2, 1, 2
    assert [choose(None) for _ in range(3)] == [second] * 3


def test_busy_for_its_weight() -> None:
    first, second = all_targets = targets(4, 1)
    choose = least_requests(all_targets)
    first.active, second.active = 3, 1
    assert choose(None) is first
    first.active = 5
    assert choose(None) is second


def test_ties_go_in_turn() -> None:
    choose = least_requests(targets(1, 1))
    assert {choose(None).name for _ in range(2)} == {"0", "1"}
