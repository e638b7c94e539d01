"""The latest that it can be for the counter store, by this node's own clock."""

import math


class StoreClock:
    """The store's time minus the node's monotonic time is no more than at any answer so far: the answer was written
    after the question was sent. So a store whose clock leaps ahead cannot make tokens of the leap.

    epoch: what that time belongs to; another one has a time of its own.
    """

    def __init__(self) -> None:
        self.epoch = ""
        self._ahead = math.inf
        self._told = 0.0

    def latest(self, now: float) -> float:
        """The store's time at a monotonic time, or before. 0 if it has never answered."""
        return now + self._ahead if self.epoch else 0.0

    @property
    def earliest(self) -> float:
        """It was so late at the last answer. 0 if there was none."""
        return self._told

    def answered(self, epoch: str, time: float, sent: float) -> None:
        """time: the store's. sent: monotonic, before the question left."""
        if epoch != self.epoch:
            self.epoch, self._ahead, self._told = epoch, math.inf, 0.0
        self._ahead = min(self._ahead, time - sent)
        self._told = max(self._told, time)
