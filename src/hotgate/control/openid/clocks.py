"""The two clocks that logins are judged by."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clocks:
    """now: epoch seconds, which tokens speak of. monotonic: seconds, which only waiting is measured by."""

    now: Callable[[], float]
    monotonic: Callable[[], float]


SYSTEM_CLOCKS = Clocks(time.time, time.monotonic)
