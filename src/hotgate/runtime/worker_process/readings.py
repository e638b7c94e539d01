"""What a worker measures of itself: how long a turn of its event loop takes, and how much memory it has."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from hotgate.observe.histogram import Histogram
from hotgate.runtime.worker_process.resident_memory import resident_bytes

_TURNS = 3  # one slow turn is a pause, several are overload


class Readings:
    """lags: takes every turn that is measured, in seconds.

    One turn per tick is measured, from its middle to that of the next: in between, the event loop has served everybody
    who had something for it, and whoever came meanwhile has waited so long.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, lags: Histogram, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._turns: deque[float] = deque(maxlen=_TURNS)
        self._began = 0.0
        self._lags = lags

    @property
    def loop_lag(self) -> float:
        """The shortest of the last turns, in seconds; 0 before there were any."""
        return min(self._turns) if len(self._turns) == _TURNS else 0.0

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return resident_bytes()

    def begin(self) -> None:
        """Measure a turn. Called by the tick, which is the first to run in one: what is called soon runs in it too."""
        self._loop.call_soon(self._begin_turn)

    def _begin_turn(self) -> None:
        self._began = self._clock()
        self._loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        seconds = self._clock() - self._began
        self._turns.append(seconds)
        self._lags.observe(seconds)
