"""Whatever happens to targets, in any order: the rules that hold at every moment."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hotgate.upstream.circuit import CircuitRules, CircuitState
from hotgate.upstream.stand_in import Nobody, Trial
from unit.upstream.test_availability import Scene, Waiter

LONGEST = 40.0


class Targets(RuleBasedStateMachine):
    @initialize(
        count=st.integers(1, 6),
        max_share=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
        threshold=st.sampled_from([0.0, 0.5, 1.0]),
        slow_start=st.sampled_from([0.0, 7.0]),
        trials=st.integers(1, 3),
    )
    def begin(self, count: int, max_share: float, threshold: float, slow_start: float, trials: int) -> None:
        self.most_out = int(max_share * count)
        self.threshold = threshold
        self.healthy = [True] * count
        self.waiters: list[Waiter] = []
        circuit = CircuitRules(
            consecutive_failures=2, duration=10.0, longest=LONGEST, max_share=max_share, trials=trials
        )
        weights = [1 + index for index in range(count)]
        self.scene = Scene(*weights, circuit=circuit, panic_threshold=threshold, slow_start=slow_start).begin()

    @rule(which=st.integers(0, 5), fails=st.booleans())
    def outcome(self, which: int, fails: bool) -> None:
        circuit = self.scene.targets[which % len(self.healthy)].circuit
        circuit.failed("reason") if fails else circuit.answered(200)

    @rule(which=st.integers(0, 5), healthy=st.booleans())
    def check(self, which: int, healthy: bool) -> None:
        index = which % len(self.healthy)
        self.healthy[index] = healthy
        self.scene.check(**{self.scene.targets[index].name: healthy})

    @rule(seconds=st.floats(0.25, 50.0))
    def pass_time(self, seconds: float) -> None:
        self.scene.pass_time(seconds)

    @rule()
    def try_half_open_ones(self) -> None:
        for trial in [each for each in self.scene.used if isinstance(each, Trial)]:
            self.waiters.append(Waiter())
            trial.acquire(self.waiters[-1], self.scene.now)

    @rule()
    def clients_leave(self) -> None:
        for waiter in self.waiters:
            waiter.is_over = True

    @invariant()
    def never_more_are_ejected_than_may_be(self) -> None:
        assert len(self.scene.availability.ejected) <= self.most_out

    @invariant()
    def nobody_is_out_for_longer_than_the_longest_time(self) -> None:
        assert all(target.circuit.seconds_left <= LONGEST for target in self.scene.targets)

    @invariant()
    def somebody_or_nobody_is_always_there(self) -> None:
        used = self.scene.used
        assert len(used) >= 1
        assert len(used) == 1 or not any(isinstance(each, Nobody) for each in used)

    @invariant()
    def panic_is_when_too_few_are_left(self) -> None:
        states = [target.circuit.state is CircuitState.CLOSED for target in self.scene.targets]
        able = sum(closed and healthy for closed, healthy in zip(states, self.healthy, strict=True))
        assert self.scene.availability.in_panic is (able < self.threshold * len(self.healthy))
        if self.scene.availability.in_panic:
            assert list(self.scene.used) == self.scene.targets

    @invariant()
    def who_serves_is_fit_to_serve(self) -> None:
        if self.scene.availability.in_panic:
            return
        for target, healthy in zip(self.scene.targets, self.healthy, strict=True):
            is_used = target in self.scene.used
            is_tried = any(isinstance(each, Trial) and each.name == target.name for each in self.scene.used)
            assert is_used is (healthy and target.circuit.state is CircuitState.CLOSED)
            assert not is_tried or (healthy and target.circuit.state is CircuitState.HALF_OPEN)

    @invariant()
    def weights_are_positive_and_keep_their_order_without_slow_start(self) -> None:
        assert all(target.weight >= 1 for target in self.scene.targets)

    def teardown(self) -> None:
        """Left alone for long enough, every healthy target serves again, with its own weight."""
        if not hasattr(self, "scene"):
            return
        for index, target in enumerate(self.scene.targets):
            self.scene.check(**{target.name: True})
            self.healthy[index] = True
        self.clients_leave()
        for _ in range(3):
            self.scene.pass_time(LONGEST)
        for target in self.scene.targets:
            for _ in range(3):
                target.circuit.answered(200)
        self.scene.pass_time(LONGEST)
        assert list(self.scene.used) == self.scene.targets
        assert [target.weight for target in self.scene.targets] == [1 + index for index in range(len(self.healthy))]


Targets.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestTargets = Targets.TestCase
