"""Who serves the next request."""

import tracemalloc
from collections import Counter

import pytest

from hotgate.upstream.balance import BALANCERS, least_busy, least_requests, power_of_two, round_robin
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


def test_the_less_busy_of_two() -> None:
    idle, busy = all_targets = targets(1, 1)
    busy.active = 5
    choose = power_of_two(all_targets)
    chosen = Counter(choose(None).name for _ in range(400))
    assert chosen[idle.name] > chosen[busy.name]  # 3 in 4: the busy one only when it is picked twice
    assert chosen[busy.name] > 0


def test_two_are_picked_by_weight() -> None:
    choose = power_of_two(targets(9, 1))
    chosen = Counter(choose(None).name for _ in range(2000))
    assert 1600 < chosen["0"] < 1950


def test_any_but_a_busy_one() -> None:
    first, second = targets(4, 1)
    first.active, second.active = 3, 1
    assert least_busy([first, second]) is first


def test_every_weight_is_exact() -> None:
    all_targets = targets(*(1 + 7 * index % 13 for index in range(50)))
    choose = round_robin(all_targets)
    for _ in range(20):
        counts = Counter(choose(None).name for _ in range(sum(target.weight for target in all_targets)))
        assert counts == {target.name: target.weight for target in all_targets}


@pytest.mark.parametrize("name", list(BALANCERS))
def test_what_it_keeps_does_not_grow_with_the_weights(name: str) -> None:
    """It is made anew on the event loop at each change, and a slow start makes every weight ten times as large."""
    all_targets = targets(9_999, 10_000, 9_998)
    tracemalloc.start()
    try:
        kept = BALANCERS[name](all_targets)
        assert kept(None) in all_targets
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()
