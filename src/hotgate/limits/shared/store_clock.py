"""The latest that it can be for the counter store, by this node's own clock."""

import math

_DRIFT = 0.0005  # that two clocks may drift apart: as much as NTP slews one
_LEAP = 0.25  # seconds; by less than that a store's clock may be ahead of what it can be


class StoreClock:
    """The store's time minus the node's monotonic time is no more than at any answer so far: the answer was written
    after the question was sent. So a store whose clock leaps ahead cannot make tokens of the leap; a node that comes
    later could not know, and so whoever knows has the store begin anew (`has_leapt`).

    epoch: what that time belongs to; another one has a time of its own.
    """

    def __init__(self) -> None:
        self.epoch = ""
        self.has_leapt = False
        self._ahead = math.inf
        self._heard = 0.0
        self._told = 0.0
        self._told_at = 0.0
        self._doubt = math.inf

    def latest(self, now: float) -> float:
        """The store's time at a monotonic time, or before. 0 if it has never answered."""
        return now + self._ahead + (now - self._heard) * _DRIFT if self.epoch else 0.0

    @property
    def earliest(self) -> float:
        """It was so late at the last answer. 0 if there was none."""
        return self._told

    def at(self, then: float) -> float:
        """The store's time at a monotonic time that has passed, or before; 0 if it has never answered.

        The last answer says how late it was then at the earliest. Between the two the store's clock has run no faster
        than ours but for a leap that was not noticed, and where it stood is known to within the quickest answer.
        """
        if not self.epoch:
            return 0.0
        ago = max(0.0, self._told_at - then)
        return self._told - ago * (1 + _DRIFT) - _LEAP - self._doubt

    def answered(self, epoch: str, time: float, clock: float, sent: float, now: float) -> None:
        """time: that the store counts by. clock: its own. sent, now: monotonic, of the question and the answer."""
        if epoch != self.epoch:
            self.epoch, self._ahead, self._told, self._doubt = epoch, math.inf, 0.0, math.inf
        self.has_leapt = self._ahead < math.inf and clock > self.latest(now) + _LEAP
        self._ahead = min(self.latest(sent) - sent, time - sent)
        self._heard = sent
        self._doubt = min(self._doubt, now - sent)
        if time >= self._told:
            self._told, self._told_at = time, now
