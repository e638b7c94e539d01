"""Which targets of one upstream serve requests, and with what weight.

Three things take a target out: an active check that fails, its own failures (`circuit.py`), and a name without an
address. When too few are left, all are used (panic). Everything is decided when something changes and handed to the
upstream as a list; a request finds a list that is right.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from hotgate.upstream.circuit import NEVER_OPENS, Circuit, CircuitRules, CircuitState
from hotgate.upstream.failure import UpstreamFailure, unavailable, unresolved
from hotgate.upstream.stand_in import Nobody, Trial
from hotgate.upstream.target import Target

_log = logging.getLogger("hotgate.upstream")
_STEPS = 10  # in which a slow start reaches the whole weight: 10 %, 20 %, …


@dataclass(frozen=True, slots=True)
class AvailabilityRules:
    """circuit: of each target. panic_threshold: the share of available targets below which all are used; 0: never.

    slow_start: seconds in which a target that comes back is given its whole weight; 0: at once. is_checked: whether
    active checks have a say.
    """

    circuit: CircuitRules = NEVER_OPENS
    panic_threshold: float = 0.5
    slow_start: float = 0.0
    is_checked: bool = False


class Availability:
    """name: of the upstream. use: takes the targets to choose among. count_ejection: is told the name of each target
    that goes out of service for its failures.

    in_panic: whether all targets are used because too few are available. is_down: whether none is. refusal: why every
    request fails at once, if there is nobody to ask.
    """

    def __init__(
        self,
        name: str,
        targets: Sequence[Target],
        rules: AvailabilityRules,
        use: Callable[[Sequence[Target]], None],
        count_ejection: Callable[[str], None] = lambda target: None,
    ) -> None:
        self.name = name
        self._rules = rules
        self._use = use
        self._count_ejection = count_ejection
        self._now = 0.0
        self._has_begun = self._is_ticking = False
        self._is_settled = False
        self._chosen: list[tuple[Any, int]] = []
        self.refusal: UpstreamFailure | None = None
        self.in_panic = self.is_down = self._has_told_of_panic = False
        self._members = [
            _Member(target, self._circuit(index, target), self._refresh) for index, target in enumerate(targets)
        ]
        self._refresh()

    def tick(self, now: float) -> None:
        """Let time act. Called by the worker's tick; `now`: coarse monotonic seconds."""
        self._now = now
        if self._is_settled and self._has_begun:
            return
        self._has_begun = True
        self._is_ticking = True
        for member in self._members:
            member.circuit.tick()
            member.trial.forget_ended()
        self._is_ticking = False
        self._refresh()

    def follow_checks(self, healthy: Mapping[str, bool]) -> None:
        """What active checks say, by name of target; what they say nothing about stays as it is."""
        if not self._rules.is_checked:
            return
        for member in self._members:
            member.is_healthy = healthy.get(member.target.name, member.is_healthy)
        self._refresh()

    def follow_names(self, addresses: Mapping[str, tuple[str, ...]]) -> None:
        """The addresses of names, by name; what is not in it stays as it is."""
        named = [member.target for member in self._members if member.target.host in addresses]
        for target in named:
            target.follow_addresses(addresses[target.host])
        if named:
            self._refresh()

    @property
    def ejected(self) -> list[str]:
        """The names of the targets out of service for their failures."""
        if self._is_settled:
            return []
        return [member.target.name for member in self._members if member.circuit.state is not CircuitState.CLOSED]

    @property
    def out_of_service(self) -> dict[str, str]:
        """Name of each target that is, and why."""
        return {member.target.name: reason for member in self._members if (reason := member.absence)}

    def _refresh(self) -> None:
        able = [member for member in self._members if member.note_service(self._start_time())]
        self.is_down = not able
        reachable = [member for member in self._members if member.target.addresses]
        self.in_panic = bool(reachable) and len(able) < self._share(self._rules.panic_threshold)
        self._tell_of_panic()
        if self.in_panic:
            chosen: list[Any] = [member.target for member in reachable]
        else:
            chosen = [member.target for member in able] + [m.trial for m in self._members if m.can_be_tried]
        is_ramping = self._set_weights()
        self.refusal = None if chosen else (unavailable if reachable else unresolved)(self.name)
        self._choose(chosen if self.refusal is None else [Nobody(self.refusal)])
        self._is_settled = not is_ramping and not any(member.circuit.needs_time for member in self._members)

    def _choose(self, chosen: list[Any]) -> None:
        """Balancers begin anew when they are given targets, so not without need."""
        now_chosen = [(target, target.weight) for target in chosen]
        if now_chosen != self._chosen:
            self._chosen = now_chosen
            self._use(cast("Sequence[Target]", chosen))  # stand-ins are targets in all but ancestry

    def _set_weights(self) -> bool:
        """True while a target is being given its weight step by step."""
        steps = [member.step(self._now, self._rules.slow_start) for member in self._members]
        is_ramping = not self.in_panic and min(steps) < _STEPS
        for member, step in zip(self._members, steps, strict=True):
            member.target.weight = member.weight * step if is_ramping else member.weight
        return is_ramping

    def _start_time(self) -> float | None:
        """When a target that comes into service now began; None: it was never out."""
        return self._now if self._has_begun and self._rules.slow_start else None

    def _tell_of_panic(self) -> None:
        """Not before the first tick: until then it is not known where names lead, nor whether it will ever serve."""
        if not self._has_begun or self.in_panic is self._has_told_of_panic:
            return
        self._has_told_of_panic = self.in_panic
        if self.in_panic:
            _log.error("upstream %s: too few targets are available; all are used", self.name)
        else:
            _log.warning("upstream %s: enough targets are available again", self.name)

    def _circuit(self, index: int, target: Target) -> Circuit:
        def changed(_circuit: Circuit, reason: str) -> None:
            self._circuit_changed(self._members[index], reason)

        target.circuit = circuit = Circuit(self._rules.circuit, lambda: self._now, self._may_open, changed)
        return circuit

    def _may_open(self) -> bool:
        return len(self.ejected) + 1 <= self._share(self._rules.circuit.max_share)

    def _share(self, share: float) -> float:
        """How many targets that is. Rounded, so that 55 % of 20 is 11 and not a little more."""
        return round(share * len(self._members), 6)

    def _circuit_changed(self, member: "_Member", reason: str) -> None:
        circuit, where = member.circuit, (self.name, member.target.name)
        if circuit.state is CircuitState.OPEN:
            self._count_ejection(member.target.name)
            _log.warning("upstream %s: %s is out of service for %.3g s: %s", *where, circuit.seconds_left, reason)
        elif circuit.state is CircuitState.HALF_OPEN:
            member.trial.begin()
            _log.info("upstream %s: %s is being tried again", *where)
        else:
            _log.warning("upstream %s: %s is back in service", *where)
        if not self._is_ticking:  # hundreds may change in one tick, and balancers are to be made anew once
            self._refresh()


class _Member:
    """A target and what is known about it. weight: as configured; that of the target is the one in force."""

    def __init__(self, target: Target, circuit: Circuit, on_full: Callable[[], None]) -> None:
        self.target = target
        self.circuit = circuit
        self.weight = target.weight
        self.is_healthy = True
        self.trial = Trial(target, circuit.rules.trials, on_full)
        self._is_in_service = False
        self._started: float | None = None

    def note_service(self, now: float | None) -> bool:
        """Whether it is in service; if it comes into it, its slow start begins now."""
        is_able = self._can_be_reached and self.circuit.state is CircuitState.CLOSED
        if is_able and not self._is_in_service:
            self._started = now
        self._is_in_service = is_able
        return is_able

    @property
    def absence(self) -> str:
        """Why it is out of service, empty if it is not."""
        if not self.target.addresses:
            return "its name has no address"
        if not self.is_healthy:
            return "its check fails"
        return {
            CircuitState.CLOSED: "",
            CircuitState.OPEN: f"it has failed; for {self.circuit.seconds_left:.3g} s more",
            CircuitState.HALF_OPEN: "it has failed, and is being tried again",
        }[self.circuit.state]

    @property
    def can_be_tried(self) -> bool:
        """Whether a request may find out if it works again."""
        return self._can_be_reached and self.circuit.state is CircuitState.HALF_OPEN and self.trial.has_room

    def step(self, now: float, slow_start: float) -> int:
        """1 to `_STEPS`: how much of its weight it has."""
        if not self._is_in_service or self._started is None:
            return _STEPS
        if now - self._started >= slow_start:
            self._started = None
            return _STEPS
        return max(1, int(_STEPS * (now - self._started) / slow_start))

    @property
    def _can_be_reached(self) -> bool:
        return self.is_healthy and bool(self.target.addresses)
