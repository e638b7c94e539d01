"""What the gateway of a test believes to measure of itself: whatever the test says."""


class OverloadReadings:
    """loop_lag: seconds. memory: bytes. turns: how often a turn of the event loop was to be measured."""

    def __init__(self) -> None:
        self.loop_lag = 0.0
        self.memory = 0
        self.turns = 0

    def begin(self) -> None:
        self.turns += 1
