"""Which targets an upstream chooses among."""

from collections.abc import Sequence
from typing import Any

import pytest

from hotgate.upstream.availability import Availability, AvailabilityRules
from hotgate.upstream.circuit import CircuitRules
from hotgate.upstream.failure import UpstreamFailure
from hotgate.upstream.proxy_header import ClientAddresses
from hotgate.upstream.stand_in import Nobody, Trial
from hotgate.upstream.target import Target, TargetBusy

CIRCUIT = CircuitRules(consecutive_failures=1, duration=10.0, max_share=0.5)


class Waiter:
    client_addresses = ClientAddresses("192.0.2.1", 4000, "192.0.2.2", 80)

    def __init__(self) -> None:
        self.is_over = self.is_done = False

    def on_connection(self, connection: object) -> None: ...

    def on_failure(self, failure: UpstreamFailure) -> None: ...


class FakeTarget(Target):
    """Counts who asked for a connection, and makes none."""

    def __init__(self, name: str, host: str, weight: int) -> None:
        super().__init__(name, host, 80, weight=weight)
        self.asked = 0

    def acquire(self, waiter: Any, now: float, *, fresh: bool = False) -> None:
        self.asked += 1


class Scene:
    """Targets a, b, c, … with the given weights; `used` is what the balancer was given last."""

    def __init__(self, *weights: int, host: str = "127.0.0.1", **rules: Any) -> None:
        self.targets = [FakeTarget(chr(97 + index), host, weight) for index, weight in enumerate(weights)]
        self.used: Sequence[Any] = ()
        self.uses = 0
        self.ejected: list[str] = []
        self.now = 1000.0
        given = AvailabilityRules(**{"circuit": CIRCUIT, "is_checked": True, **rules})
        self.availability = Availability("api", self.targets, given, self._use, self.ejected.append)

    def _use(self, chosen: Sequence[Target]) -> None:
        self.used = chosen
        self.uses += 1

    def begin(self) -> "Scene":
        self.pass_time(0)
        return self

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.availability.tick(self.now)

    def check(self, **healthy: bool) -> None:
        self.availability.follow_checks(healthy)

    @property
    def names(self) -> str:
        return "".join(sorted(target.name for target in self.used))

    @property
    def weights(self) -> dict[str, int]:
        return {target.name: target.weight for target in self.used}

    def failure(self) -> UpstreamFailure:
        (nobody,) = self.used
        assert isinstance(nobody, Nobody)
        with pytest.raises(TargetBusy) as raised:
            nobody.acquire(Waiter(), self.now)
        return raised.value.failure


def test_all_serve_at_first() -> None:
    assert Scene(1, 1, 1).names == "abc"


def test_an_unhealthy_one_does_not_serve_until_it_is_healthy() -> None:
    scene = Scene(1, 1, 1).begin()
    scene.check(b=False)
    assert scene.names == "ac"
    scene.check(a=True)  # what is not said anything about stays
    assert scene.names == "ac"
    scene.check(b=True)
    assert scene.names == "abc"


def test_checks_count_only_where_they_are_configured() -> None:
    scene = Scene(1, 1, is_checked=False)
    scene.check(a=False)
    assert scene.names == "ab"


def test_balancers_begin_anew_only_when_something_changes() -> None:
    scene = Scene(1, 1).begin()
    scene.check(a=True, b=True)
    for _ in range(10):
        scene.pass_time(1)
    assert scene.uses == 1


def test_what_changes_in_one_tick_makes_them_anew_once() -> None:
    scene = Scene(1, 1, 1, 1).begin()
    for target in scene.targets[:2]:
        target.circuit.failed("refused")
    before = scene.uses
    scene.pass_time(10)
    assert [type(each) for each in scene.used] == [FakeTarget, FakeTarget, Trial, Trial]
    assert scene.uses == before + 1


def test_one_that_fails_is_out_and_on_trial_afterwards() -> None:
    scene = Scene(1, 1).begin()
    scene.targets[0].circuit.failed("reason")
    assert (scene.names, scene.ejected, scene.availability.ejected) == ("b", ["a"], ["a"])
    scene.pass_time(10)
    assert scene.names == "ab"
    (trial,) = [each for each in scene.used if isinstance(each, Trial)]
    trial.acquire(Waiter(), scene.now)
    assert scene.targets[0].asked == 1
    assert scene.names == "b"  # no second one before the first is over
    scene.targets[0].circuit.answered(200)
    assert (scene.names, scene.availability.ejected) == ("ab", [])
    assert not any(isinstance(each, Trial) for each in scene.used)


def test_a_trial_whose_client_left_makes_room_for_another() -> None:
    scene = Scene(1, 1).begin()
    scene.targets[0].circuit.failed("reason")
    scene.pass_time(10)
    waiter = Waiter()
    next(each for each in scene.used if isinstance(each, Trial)).acquire(waiter, scene.now)
    scene.pass_time(100)
    assert scene.names == "b"
    waiter.is_over = True
    scene.pass_time(0.25)
    assert scene.names == "ab"


def test_so_many_trials_as_configured_are_under_way() -> None:
    scene = Scene(1, 1, circuit=CircuitRules(consecutive_failures=1, duration=10.0, trials=3)).begin()
    scene.targets[0].circuit.failed("reason")
    scene.pass_time(10)
    trial = next(each for each in scene.used if isinstance(each, Trial))
    for left in (2, 1, 0):
        assert "a" in scene.names
        trial.acquire(Waiter(), scene.now)
        assert ("a" in scene.names) is (left > 0)


def test_a_failed_trial_ends_the_trials_and_the_next_ones_start_afresh() -> None:
    scene = Scene(1, 1).begin()
    scene.targets[0].circuit.failed("reason")
    scene.pass_time(10)
    next(each for each in scene.used if isinstance(each, Trial)).acquire(Waiter(), scene.now)
    scene.targets[0].circuit.failed("reason")
    scene.pass_time(19)
    assert scene.names == "b"
    scene.pass_time(1)
    assert scene.names == "ab"  # though the exchange of the first trial never said that it ended


@pytest.mark.parametrize(
    ("targets", "share", "most"), [(1, 0.5, 0), (2, 0.5, 1), (3, 0.5, 1), (4, 0.5, 2), (3, 0.0, 0)]
)
def test_only_a_share_is_ever_out_for_failures(targets: int, share: float, most: int) -> None:
    scene = Scene(*[1] * targets, circuit=CircuitRules(consecutive_failures=1, max_share=share)).begin()
    for target in scene.targets:
        for _ in range(10):
            target.circuit.failed("reason")
    assert len(scene.availability.ejected) == len(scene.ejected) == most
    assert len(scene.used) == targets - most


def test_when_too_few_are_left_all_are_used() -> None:
    scene = Scene(1, 1, 1, 1).begin()
    scene.check(a=False, b=False)
    assert (scene.names, scene.availability.in_panic) == ("cd", False)
    scene.check(c=False)
    assert (scene.names, scene.availability.in_panic) == ("abcd", True)
    scene.check(a=True)
    assert (scene.names, scene.availability.in_panic) == ("ad", False)


def test_exactly_the_threshold_is_enough() -> None:
    scene = Scene(*[1] * 20, panic_threshold=0.55).begin()  # 0.55 * 20 is more than 11 in floating point
    scene.check(**{target.name: False for target in scene.targets[11:]})
    assert not scene.availability.in_panic
    scene.check(**{scene.targets[0].name: False})
    assert scene.availability.in_panic


def test_panic_is_told_once_and_not_before_it_matters(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(1, 1, 1)
    scene.targets[0].addresses = scene.targets[1].addresses = ()
    scene.check(c=True)
    assert scene.availability.in_panic
    assert caplog.records == []
    for target in scene.targets:
        target.addresses = ("192.0.2.1",)
    scene.check(c=True)
    scene.begin()
    assert caplog.records == []
    for _ in range(2):
        scene.check(a=False, b=False)
        scene.pass_time(10)
    scene.check(a=True)
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


def test_why_a_target_is_out_of_service() -> None:
    scene = Scene(1, 1, 1, 1).begin()
    assert scene.availability.out_of_service == {}
    scene.targets[0].circuit.failed("reason")
    scene.targets[1].addresses = ()
    scene.check(c=False)
    assert scene.availability.out_of_service == {
        "a": "it has failed; for 10 s more",
        "b": "its name has no address",
        "c": "its check fails",
    }
    scene.pass_time(10)
    assert scene.availability.out_of_service["a"] == "it has failed, and is being tried again"


def test_without_panic_nobody_is_left_and_that_is_said_at_once() -> None:
    scene = Scene(1, 1, panic_threshold=0.0).begin()
    scene.check(a=False)
    assert scene.names == "b"
    scene.check(b=False)
    assert (scene.failure().kind, scene.failure().status) == ("upstream-unavailable", 503)
    assert scene.availability.refusal == scene.failure()
    scene.check(a=True)
    assert scene.availability.refusal is None
    assert scene.names == "a"


def test_a_breaker_before_a_single_target() -> None:
    circuit = CircuitRules(consecutive_failures=1, duration=10.0, max_share=1.0)
    scene = Scene(1, circuit=circuit, panic_threshold=0.0).begin()
    scene.targets[0].circuit.failed("reason")
    assert scene.failure().kind == "upstream-unavailable"
    scene.pass_time(10)
    (trial,) = scene.used
    trial.acquire(Waiter(), scene.now)
    assert scene.failure().kind == "upstream-unavailable"
    scene.targets[0].circuit.answered(204)
    assert scene.used == [scene.targets[0]]


def test_a_name_without_address_serves_nothing() -> None:
    scene = Scene(1, 1, host="api.test").begin()
    assert (scene.failure().kind, scene.failure().status) == ("upstream-name-unresolved", 502)
    scene.availability.follow_names({"other.test": ("192.0.2.9",)})
    assert scene.failure().kind == "upstream-name-unresolved"
    scene.availability.follow_names({"api.test": ("192.0.2.1", "192.0.2.2")})
    assert scene.names == "ab"
    assert scene.targets[0].addresses == ("192.0.2.1", "192.0.2.2")


def test_panic_does_not_use_what_cannot_be_reached() -> None:
    scene = Scene(1, 1, 1).begin()
    scene.targets[0].addresses = ()
    scene.check(b=False, c=False)
    assert (scene.names, scene.availability.in_panic) == ("bc", True)


class TestSlowStart:
    def test_one_that_comes_back_gets_its_share_step_by_step(self) -> None:
        scene = Scene(1, 2, slow_start=30.0).begin()
        scene.check(a=False)
        assert scene.weights == {"b": 2}
        scene.check(a=True)
        assert scene.weights == {"a": 1, "b": 20}
        scene.pass_time(3.1)
        assert scene.weights == {"a": 1, "b": 20}
        scene.pass_time(12)
        assert scene.weights == {"a": 5, "b": 20}
        scene.pass_time(15)
        assert scene.weights == {"a": 1, "b": 2}

    def test_balancers_are_rebuilt_in_coarse_steps_only(self) -> None:
        scene = Scene(1, 1, slow_start=30.0).begin()
        scene.check(a=False)
        scene.check(a=True)
        before = scene.uses
        for _ in range(200):
            scene.pass_time(0.25)
        assert scene.uses - before <= 10

    def test_nothing_is_slow_when_the_gateway_starts(self) -> None:
        scene = Scene(1, 1, host="api.test", slow_start=30.0)
        scene.availability.follow_names({"api.test": ("192.0.2.1",)})
        assert scene.begin().weights == {"a": 1, "b": 1}

    def test_one_that_fails_meanwhile_starts_again_later(self) -> None:
        scene = Scene(1, 1, slow_start=30.0).begin()
        scene.check(a=False)
        scene.check(a=True)
        scene.pass_time(20)
        scene.check(a=False)
        assert scene.weights == {"b": 1}
        scene.check(a=True)
        assert scene.weights == {"a": 1, "b": 10}

    def test_in_panic_all_have_their_whole_weight(self) -> None:
        scene = Scene(3, 1, 1, slow_start=30.0).begin()
        scene.check(a=False)
        scene.check(a=True)
        scene.check(b=False, c=False)
        assert scene.weights == {"a": 3, "b": 1, "c": 1}
