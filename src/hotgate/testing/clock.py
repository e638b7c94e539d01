"""Time that passes only when a test says so."""


class FakeClock:
    """Call it for the time in seconds, as one calls `time.monotonic`."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
