"""The time of the last tick, for all who look at deadlines only then."""


class TickClock:
    """now: monotonic seconds."""

    __slots__ = ("now",)

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
