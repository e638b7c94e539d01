"""Whether a target is in service, judged by what came of the requests to it: ejection and circuit breaker in one.

    closed ──too many failures──▶ open ──its time is over──▶ half-open ──trials went well──▶ closed
                                    ◀──────a trial failed──────┘

Closed is the normal state. The time that a target stays open grows with each time in a row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from hotgate.upstream.failure_window import FailureWindow

_NO_STATUS = 1000  # above every status
_FIRST_ERROR = 500
_EVERY_STATUS = 0


class CircuitState(Enum):
    """CLOSED: in service. OPEN: not. HALF_OPEN: a few requests try whether it works again."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class CircuitRules:
    """When a target is taken out of service, and for how long. All defaults off: such a circuit never opens.

    consecutive_failures: this many in a row; 0: never for that. failure_share: of at least `min_requests` within
    `window` seconds; None: never for that. duration, longest: seconds out, the first time and at most.
    max_share: of an upstream's targets that may be out at once. trials: requests that must go well before a target is
    back, and how many are let through meanwhile. statuses: of answers that count as failures.
    """

    consecutive_failures: int = 0
    failure_share: float | None = None
    min_requests: int = 20
    window: float = 10.0
    duration: float = 30.0
    longest: float = 300.0
    max_share: float = 0.5
    trials: int = 1
    statuses: frozenset[int] = frozenset()


NEVER_OPENS = CircuitRules()


class Circuit:
    """Of one target in one worker.

    notices_from: `answered` must be called for answers whose status is this or higher; a circuit in which nothing has
    failed lately wants to know of errors only, so good answers cost one comparison. ejections: how often it opened in
    a row, less those forgiven. may_open: whether another target of the upstream may go out of service. changed: called
    with the circuit and the reason after each change of state. clock: coarse monotonic seconds.
    """

    def __init__(
        self,
        rules: CircuitRules,
        clock: Callable[[], float],
        may_open: Callable[[], bool],
        changed: Callable[["Circuit", str], None],
    ) -> None:
        self.rules = rules
        self.state = CircuitState.CLOSED
        self.ejections = 0
        self.is_off = not rules.consecutive_failures and rules.failure_share is None
        self._clock = clock
        self._may_open = may_open
        self._changed = changed
        self._in_a_row = 0
        self._good_trials = 0
        self._until = 0.0  # open: when that ends. Closed: when one ejection is forgiven
        self._window = FailureWindow(rules.window) if rules.failure_share is not None else None
        self.notices_from = self._wanted_statuses()

    def answered(self, status: int) -> None:
        """The head of an answer is there."""
        if status in self.rules.statuses:
            self.failed(f"status {status}")
        else:
            self._succeeded()

    def failed(self, reason: str) -> None:
        """A request got no answer, for a reason that is the target's."""
        if self.is_off or self.state is CircuitState.OPEN:
            return
        if self.state is CircuitState.HALF_OPEN:
            self._open(reason)
            return
        self._in_a_row += 1
        if self._window is not None:
            self._window.count(self._clock(), failed=True)
        if self._has_failed_too_often() and self._may_open():
            self._open(reason)
        self.notices_from = self._wanted_statuses()

    def tick(self) -> None:
        """End a state whose time is over. Needed while `needs_time`."""
        now = self._clock()
        if self.state is CircuitState.OPEN and now >= self._until:
            self._good_trials = 0
            self._become(CircuitState.HALF_OPEN, "its time is over")
        elif self.state is CircuitState.CLOSED and self.ejections and now >= self._until:
            self.ejections -= 1
            self._until = now + self.rules.duration

    @property
    def needs_time(self) -> bool:
        """Whether `tick` may change anything."""
        return self.state is not CircuitState.CLOSED or self.ejections > 0

    @property
    def seconds_left(self) -> float:
        """Until an open circuit is tried again."""
        return max(0.0, self._until - self._clock()) if self.state is CircuitState.OPEN else 0.0

    def _succeeded(self) -> None:
        if self.state is CircuitState.HALF_OPEN:
            self._good_trials += 1
            if self._good_trials >= self.rules.trials:
                self._close()
        elif self.state is CircuitState.CLOSED:
            self._in_a_row = 0
            if self._window is not None:
                self._window.count(self._clock(), failed=False)
            self.notices_from = self._wanted_statuses()

    def _has_failed_too_often(self) -> bool:
        rules = self.rules
        if 0 < rules.consecutive_failures <= self._in_a_row:
            return True
        if self._window is None or rules.failure_share is None:
            return False
        return self._window.share(self._clock(), rules.min_requests) >= rules.failure_share

    def _open(self, reason: str) -> None:
        rules = self.rules
        # Past the longest time, counting on would only make the return to good behaviour take longer.
        if self.ejections * rules.duration < rules.longest:
            self.ejections += 1
        self._until = self._clock() + min(rules.duration * self.ejections, rules.longest)
        self._become(CircuitState.OPEN, reason)

    def _close(self) -> None:
        self._in_a_row = 0
        if self._window is not None:
            self._window.clear()
        self._until = self._clock() + self.rules.duration
        self._become(CircuitState.CLOSED, "it answers again")

    def _become(self, state: CircuitState, reason: str) -> None:
        self.state = state
        self.notices_from = self._wanted_statuses()
        self._changed(self, reason)

    def _wanted_statuses(self) -> int:
        if self.is_off or self.state is CircuitState.OPEN:
            return _NO_STATUS
        if self._in_a_row or self._window is not None or self.state is CircuitState.HALF_OPEN:
            return _EVERY_STATUS
        return _FIRST_ERROR if self.rules.statuses else _NO_STATUS


def circuit_that_never_opens() -> Circuit:
    """For a target that nobody watches."""
    return Circuit(NEVER_OPENS, lambda: 0.0, lambda: False, lambda circuit, reason: None)
