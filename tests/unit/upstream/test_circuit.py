"""When a target goes out of service for its failures, and how it comes back."""

from typing import Any

import pytest

from hotgate.testing import FakeClock
from hotgate.upstream.circuit import Circuit, CircuitRules


class Scene:
    """A circuit of 3 failures in a row, 10 s, at most 30 s."""

    def __init__(self, **rules: Any) -> None:
        self.clock = FakeClock()
        self.allows = True
        self.changes: list[tuple[str, str]] = []
        given = {"consecutive_failures": 3, "duration": 10.0, "longest": 30.0, **rules}
        self.circuit = Circuit(CircuitRules(**given), self.clock, lambda: self.allows, self._changed)

    def _changed(self, circuit: Circuit, reason: str) -> None:
        self.changes.append((circuit.state.value, reason))

    @property
    def state(self) -> str:
        return self.circuit.state.value

    def answer(self, status: int) -> None:
        """As an exchange tells it: only what the circuit wants to know."""
        if status >= self.circuit.notices_from:
            self.circuit.answered(status)

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.circuit.failed("reason")

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.circuit.tick()

    def open_again(self) -> float:
        """Fail a trial; the seconds it is open then."""
        self.pass_time(self.circuit.seconds_left)
        assert self.state == "half-open"
        self.fail()
        return self.circuit.seconds_left


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    scene = Scene()
    scene.fail(2)
    assert scene.state == "closed"
    scene.fail()
    assert scene.changes == [("open", "reason")]
    assert scene.circuit.seconds_left == 10.0


def test_a_success_resets_the_count() -> None:
    scene = Scene()
    for _ in range(5):
        scene.fail(2)
        scene.answer(200)
    assert scene.changes == []


def test_nothing_is_told_while_all_is_well() -> None:
    scene = Scene()
    assert scene.circuit.notices_from > 599
    scene.fail()
    assert scene.circuit.notices_from == 0
    scene.answer(200)
    assert scene.circuit.notices_from > 599
    assert Scene(statuses=frozenset({503})).circuit.notices_from == 500


def test_its_time_over_a_trial_decides() -> None:
    scene = Scene()
    scene.fail(3)
    scene.pass_time(9.9)
    assert scene.state == "open"
    scene.pass_time(0.1)
    assert scene.state == "half-open"
    scene.answer(200)
    assert scene.state == "closed"
    scene.fail(2)
    assert scene.state == "closed"


def test_several_trials_must_all_go_well() -> None:
    scene = Scene(trials=3)
    scene.fail(3)
    scene.pass_time(10)
    scene.answer(200)
    scene.answer(200)
    assert scene.state == "half-open"
    scene.fail()
    assert scene.state == "open"
    scene.pass_time(20)
    scene.answer(200)
    scene.answer(200)
    assert scene.state == "half-open"
    scene.answer(200)
    assert scene.state == "closed"


def test_it_is_open_longer_each_time_up_to_a_bound() -> None:
    scene = Scene()
    scene.fail(3)
    assert [scene.open_again() for _ in range(5)] == [20.0, 30.0, 30.0, 30.0, 30.0]
    assert scene.circuit.ejections == 3


def test_good_behaviour_is_rewarded_step_by_step() -> None:
    scene = Scene()
    scene.fail(3)
    scene.open_again()
    scene.pass_time(20)
    scene.answer(200)
    assert (scene.state, scene.circuit.ejections) == ("closed", 2)
    scene.pass_time(9)
    assert scene.circuit.ejections == 2
    scene.pass_time(1)
    assert scene.circuit.ejections == 1
    scene.pass_time(10)
    assert scene.circuit.ejections == 0
    assert not scene.circuit.needs_time
    scene.fail(3)
    assert scene.circuit.seconds_left == 10.0


def test_late_news_from_before_do_not_prolong_it() -> None:
    scene = Scene()
    scene.fail(3)
    scene.clock.advance(5)
    scene.fail(10)
    scene.answer(200)
    assert len(scene.changes) == 1
    assert scene.circuit.seconds_left == 5.0


def test_it_stays_closed_while_it_may_not_open() -> None:
    scene = Scene()
    scene.allows = False
    scene.fail(10)
    assert scene.state == "closed"
    scene.allows = True
    scene.fail()
    assert scene.state == "open"


@pytest.mark.parametrize("status", [503, 500, 404])
def test_only_the_statuses_asked_for_are_failures(status: int) -> None:
    scene = Scene(statuses=frozenset({503}))
    for _ in range(3):
        scene.answer(status)
    assert scene.state == ("open" if status == 503 else "closed")


def test_another_error_is_a_success_of_the_target() -> None:
    scene = Scene(statuses=frozenset({503}))
    for status in (503, 503, 500, 503, 503):
        scene.answer(status)
    assert scene.state == "closed"


class TestTheShareOfFailures:
    RULES = {"consecutive_failures": 0, "failure_share": 0.5, "min_requests": 10, "window": 10.0}

    def test_it_opens_when_half_of_enough_requests_failed(self) -> None:
        scene = Scene(**self.RULES)
        for _ in range(4):
            scene.answer(200)
            scene.fail()
        assert scene.state == "closed"
        scene.answer(200)
        scene.fail()
        assert scene.state == "open"

    def test_failures_of_long_ago_do_not_count(self) -> None:
        scene = Scene(**self.RULES)
        scene.fail(9)
        scene.clock.advance(11)
        for _ in range(9):
            scene.answer(200)
        scene.fail()
        assert scene.state == "closed"

    def test_it_begins_anew_once_closed(self) -> None:
        scene = Scene(**self.RULES)
        scene.fail(10)
        scene.pass_time(10)
        scene.answer(200)
        scene.fail(9)
        assert scene.state == "closed"


def test_one_that_is_off_never_opens() -> None:
    scene = Scene(consecutive_failures=0, statuses=frozenset({503}))
    scene.fail(100)
    scene.answer(503)
    assert scene.changes == []
    assert scene.circuit.notices_from > 599
