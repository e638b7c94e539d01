"""A limit that adapts: it finds what a backend bears, forgets old times, and one caller alone cannot move it."""

from collections.abc import Callable

import pytest

from hotgate.limits.concurrency.adaptive_limit import AdaptiveLimit, AdaptiveRules

TICK = 0.25
SERVICE = 0.02  # seconds


class Backend:
    """Serves `slots` requests at once; with more in use, all of them take longer."""

    def __init__(self, slots: int = 40, rules: AdaptiveRules | None = None) -> None:
        self.limit = AdaptiveLimit(rules or AdaptiveRules(5, 1000, 100, 1.0), 0.0, chance=lambda: 1.0)
        self.slots = slots
        self.service = SERVICE
        self.now = 0.0
        self.limits: list[int] = []

    def run(
        self,
        seconds: float,
        *,
        demand: int = 1_000_000,
        owners: int = 5,
        seconds_of: Callable[[int, float], float] = lambda owner, seconds: seconds,
        is_overloaded: bool = False,
    ) -> None:
        """Ask for as much as the limit allows. seconds_of: what an owner's requests take."""
        for _ in range(round(seconds / TICK)):
            in_use = min(demand, self.limit.limit)
            taken = self.service * max(1.0, in_use / self.slots)
            for number in range(20):
                owner = number % owners
                self.limit.answered(str(owner), seconds_of(owner, taken), is_overloaded=is_overloaded)
            self.now += TICK
            self.limit.tick(self.now, in_use)
            self.limits.append(self.limit.limit)

    @property
    def settled(self) -> list[int]:
        return self.limits[-20:]


def test_it_finds_what_the_backend_bears() -> None:
    backend = Backend(slots=40)
    backend.run(60)
    assert min(backend.settled) >= 36
    assert max(backend.settled) <= 2 * 40


@pytest.mark.parametrize("slots", [8, 200])
def test_it_stays_near_capacity_however_long_the_overload_lasts(slots: int) -> None:
    backend = Backend(slots)
    backend.run(600)
    assert max(backend.limits[200:]) <= 2.2 * slots


def test_a_backend_that_becomes_slower_for_good_is_believed_after_a_while() -> None:
    backend = Backend(slots=40)
    backend.run(60)
    backend.service = 5 * SERVICE
    backend.run(5)
    assert backend.limit.limit < 20
    backend.run(60)
    assert max(backend.settled) >= 36


def test_a_time_measured_under_load_is_forgotten() -> None:
    backend = Backend(slots=10)
    backend.limit._exact = 200.0  # as after a start in the middle of an overload
    backend.run(120)
    assert max(backend.settled) <= 30


def test_requests_sent_before_a_probe_do_not_count_in_it() -> None:
    backend = Backend(slots=40)
    backend.run(35)
    while backend.limit._probe is None:
        backend.run(TICK)
    before = backend.limit.shortest
    for _ in range(100):
        backend.limit.answered("a", 10.0, is_overloaded=False)
    backend.run(2)
    assert backend.limit.shortest <= 1.3 * before


def test_a_limit_that_nobody_reaches_stays() -> None:
    backend = Backend(slots=1000)
    backend.run(20, demand=3)
    assert set(backend.limits) == {20}


def test_without_enough_answers_it_stays() -> None:
    limit = AdaptiveLimit(AdaptiveRules(5, 1000, 100, 1.0), 0.0)
    for tick in range(100):
        assert not limit.tick(tick * TICK, 20)
    assert limit.limit == 20


def test_it_stays_within_its_bounds() -> None:
    backend = Backend(slots=1, rules=AdaptiveRules(7, 30, 100, 1.0))
    backend.run(60)
    assert min(backend.limits) == 7
    fast = Backend(slots=100_000, rules=AdaptiveRules(7, 30, 100, 1.0))
    fast.run(60)
    assert max(fast.limits) == 30


def test_one_caller_with_slow_requests_does_not_drive_it_down() -> None:
    backend = Backend(slots=40)
    backend.run(30)
    known = backend.limit.limit
    backend.run(20, seconds_of=lambda owner, seconds: 30.0 if owner == 0 else seconds)
    assert backend.limit.limit >= 0.8 * known


def test_of_two_callers_the_faster_one_is_believed() -> None:
    backend = Backend(slots=40)
    backend.run(30, owners=2)
    backend.run(20, owners=2, seconds_of=lambda owner, seconds: 30.0 if owner == 0 else seconds)
    assert min(backend.settled) >= 30


def test_fast_refusals_of_the_backend_count_as_slow() -> None:
    backend = Backend(slots=40)
    backend.run(30)
    backend.run(10, seconds_of=lambda owner, seconds: 0.0001, is_overloaded=True)
    assert backend.limit.limit < 20
    assert backend.limit.shortest >= SERVICE / 2


def test_what_is_kept_of_callers_is_bounded() -> None:
    limit = AdaptiveLimit(AdaptiveRules(5, 1000, 100, 1.0), 0.0)
    for number in range(10_000):
        limit.answered(str(number), 0.01, is_overloaded=False)
    assert limit._samples.count == 256
