"""How near something is to its end: a number that rises quickly, falls slowly, and does not flutter."""

from dataclasses import dataclass

_RELEASE = 0.8  # of the beginning: what has begun ends below that
_MOST_UP, _MOST_DOWN = 0.25, 0.05  # by one tick; so shedding takes a second to be full, and five to end


@dataclass(frozen=True, slots=True)
class Span:
    """Where pressure begins, and where it is full; in whatever is measured."""

    start: float
    full: float


class Pressure:
    """level: from 0 to 1. is_active: whether it has begun."""

    __slots__ = ("is_active", "level")

    def __init__(self) -> None:
        self.level = 0.0
        self.is_active = False

    def measured(self, value: float, span: Span) -> None:
        """What it is now. Call once per tick."""
        self.is_active = value >= span.start * (_RELEASE if self.is_active else 1.0)
        wanted = max(0.0, min(1.0, (value - span.start) / (span.full - span.start)))
        self.level = max(self.level - _MOST_DOWN, min(self.level + _MOST_UP, wanted))
