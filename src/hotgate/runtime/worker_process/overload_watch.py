"""When a worker has too much to do: measures at each tick, and says what is to be given up (`overload:`).

| pressure of | requests are shed | connections end after their answer | new connections are turned away |
|---|---|---|---|
| loop_lag | yes | | |
| memory | yes | yes | when it is full |
| open_files, connections | | yes, and idle ones soon | when there are none left: `edge/arrival.py` |

CPU is not measured: a busy core is what was paid for, and when it is too busy, turns of the event loop take longer.
"""

import math
from typing import Protocol

from hotgate.config.overload import Overload
from hotgate.edge.context import EdgeContext
from hotgate.limits.concurrency.pressure import Pressure, Span
from hotgate.observe.log import security_event
from hotgate.pipeline.shedding import Shedding

_SHEDDING = ("loop_lag", "memory")
_ENDING = ("memory", "open_files", "connections")


class Measured(Protocol):
    """Of this process. loop_lag: seconds. memory: bytes."""

    @property
    def loop_lag(self) -> float: ...

    @property
    def memory(self) -> int: ...

    def begin(self) -> None:
        """Measure the turn of the event loop that has just begun."""


class OverloadWatch:
    """pressures: by what is measured."""

    def __init__(self, context: EdgeContext, readings: Measured) -> None:
        self.shedding = Shedding()
        self.pressures = {name: Pressure() for name in (*_SHEDDING, *_ENDING[1:])}
        self._context = context
        self._readings = readings
        self._settings: Overload | None = None
        self._was_active: set[str] = set()

    def follow(self, settings: Overload) -> None:
        """What a configuration that has come into force says."""
        self._settings = settings

    def tick(self, backend_connections: int) -> None:
        """Measure, and act. backend_connections: open ones to all upstreams."""
        settings = self._settings
        if settings is None:
            return
        if settings.enabled:
            for name, (value, span) in self._measured(settings, backend_connections).items():
                self.pressures[name].measured(value, span)
        else:
            self.pressures = {name: Pressure() for name in self.pressures}
        self._readings.begin()
        self._context.told_to_wait.tick()
        self._shed(settings)
        self._keep_room(any(self.pressures[name].is_active for name in _ENDING))
        self._context.admission.is_closed = self.pressures["memory"].level >= 1.0
        self._tell()

    @property
    def active(self) -> set[str]:
        """What there is too little of, until nothing more is given up for it."""
        return {name for name, pressure in self.pressures.items() if pressure.is_active or pressure.level > 0.0}

    def _measured(self, settings: Overload, backend_connections: int) -> dict[str, tuple[float, Span]]:
        context, readings = self._context, self._readings
        clients = len(context.connections)
        memory = settings.memory
        return {
            "loop_lag": (readings.loop_lag, Span(settings.loop_lag.start, settings.loop_lag.to)),
            "memory": (readings.memory / memory.limit if memory.limit else 0.0, Span(memory.start, memory.to)),
            "open_files": (
                (clients + backend_connections) / context.admission.highest_descriptor,
                Span(settings.open_files.start, settings.open_files.to),
            ),
            "connections": (
                clients / context.snapshot.max_connections,
                Span(settings.connections.start, settings.connections.to),
            ),
        }

    def _shed(self, settings: Overload) -> None:
        cause = max(_SHEDDING, key=lambda name: self.pressures[name].level)
        level = self.pressures[cause].level
        self.shedding.follow(level, cause, math.ceil(settings.retry_after))
        self._context.shedding = self.shedding if level > 0.0 else None

    def _keep_room(self, is_short: bool) -> None:
        context = self._context
        context.ends_connections = is_short or context.draining
        if is_short:
            for connection in list(context.connections):
                connection.make_room()

    def _tell(self) -> None:
        """Operators hear of what begins and ends, which is seldom: pressure falls slowly."""
        active = self.active
        for name in active - self._was_active:
            security_event("overload-began", of=name)
        for name in self._was_active - active:
            security_event("overload-ended", of=name)
        self._was_active = active
