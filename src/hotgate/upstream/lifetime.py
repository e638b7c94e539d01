"""How long a connection to a backend may live, and how many requests it may serve."""

from dataclasses import dataclass
from random import random as weak_random

_SPREAD = 0.1  # connections that were opened together are not closed together


@dataclass(frozen=True, slots=True)
class Lifetime:
    """idle, age: seconds. uses: exchanges; 0 is unlimited."""

    idle: float = 60.0
    age: float = 3600.0
    uses: int = 0

    def retires_at(self, now: float) -> float:
        """When a connection that is opened now is too old to take another exchange."""
        return now + _shortened(self.age)

    @property
    def some_idle(self) -> float:
        """The idle time for one target, so that those of many targets and workers do not end together."""
        return _shortened(self.idle)


def _shortened(seconds: float) -> float:
    return seconds * (1 - _SPREAD * weak_random())  # noqa: S311  (nobody gains by guessing it)
