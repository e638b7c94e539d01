"""Whether a service is asked at all: one that has failed often in a row is left alone for a while."""

import logging
from collections.abc import Callable

from hotgate.upstream.circuit import Circuit, CircuitRules, CircuitState

_logger = logging.getLogger(__name__)

# As HAProxy's `error-limit 10` and Envoy's `consecutive_5xx: 5`, with short pauses: nobody gets in meanwhile.
RULES = CircuitRules(consecutive_failures=5, duration=2.0, longest=30.0, trials=1)


class Breaker:
    """service: what the log calls it. clock: monotonic seconds. Every `may_call` that says yes is followed by one of
    `succeeded`, `failed` and `said_nothing`."""

    def __init__(self, service: str, clock: Callable[[], float], rules: CircuitRules = RULES) -> None:
        self._service = service
        self._circuit = Circuit(rules, clock, lambda: True, self._changed)
        self._is_trying = False

    @property
    def is_open(self) -> bool:
        """Whether it is left alone, or tried by single calls."""
        return self._circuit.state is not CircuitState.CLOSED

    @property
    def seconds_left(self) -> float:
        """Until it is tried again."""
        return self._circuit.seconds_left

    def may_call(self) -> bool:
        """Whether a call may be made now. While it is tried, one at a time."""
        if self._circuit.needs_time:
            self._circuit.tick()
        if self._circuit.state is CircuitState.CLOSED:
            return True
        if self._circuit.state is CircuitState.OPEN or self._is_trying:
            return False
        self._is_trying = True
        return True

    def succeeded(self) -> None:
        """It has answered as it should."""
        self._is_trying = False
        self._circuit.answered(200)

    def failed(self, reason: str) -> None:
        """It has not."""
        self._is_trying = False
        self._circuit.failed(reason)

    def said_nothing(self) -> None:
        """The call says nothing about the service: it was given up, or was about something that may be at fault."""
        self._is_trying = False

    def _changed(self, circuit: Circuit, reason: str) -> None:
        _logger.warning("%s: %s, for %s", self._service, circuit.state.value, reason)
