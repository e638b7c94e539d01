"""Rebuilding the buckets of an authority that was killed, from what its workers remember.

For one key, the worker that was served last saw the lowest level but for refill; so the minimum over all workers is
never too high. From it goes what workers admitted alone. No refill is counted for the time without an authority.
A worker that died before it could tell may have emptied any bucket: then a bucket holds no more than what flowed in
since that loss.
"""

import math

from hotgate.limits.limit import Limit
from hotgate.limits.members import ROUNDING
from hotgate.limits.report import KeyReport, Report, later


class Witnessed:
    """What all workers together know of one key."""

    __slots__ = ("borrowed", "debt", "leased", "remaining")

    def __init__(self) -> None:
        self.remaining = math.inf
        self.borrowed = 0
        self.debt = 0
        self.leased: dict[str, int] = {}

    def add(self, worker: str, report: KeyReport) -> None:
        """One worker's part."""
        self.remaining = min(self.remaining, report.remaining)
        self.borrowed += report.borrowed
        self.debt += report.debt
        if report.held:
            self.leased[worker] = report.held

    def level(self, limit: Limit, seconds_of_refill: float) -> float:
        """A level that is surely not too high."""
        level = min(self.remaining, limit.bucket.refilled_in(limit, seconds_of_refill))
        return min(level, max(0.0, level - self.borrowed)) - self.debt


class Recovery:
    """Collects reports until every expected worker has reported or died, or the deadline (monotonic seconds) passes."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.limits: dict[str, Limit] = {}
        self.keys: dict[tuple[str, str], Witnessed] = {}
        self.loss: float | None = None
        self._shares: dict[str, float] = {}

    @property
    def is_complete(self) -> bool:
        """Whether the reports make up the whole of each rate. If not, a worker may have died unseen."""
        return sum(self._shares.values()) > 1 - ROUNDING

    def add(self, worker: str, report: Report) -> None:
        """Take one worker's report into account."""
        self.loss = later(self.loss, report.loss)
        self._shares[worker] = report.share
        for limit in report.limits:
            self.limits[limit.scope] = limit
        for key in report.keys:
            self.keys.setdefault((key.scope, key.key), Witnessed()).add(worker, key)

    def forget(self, worker: str, now: float) -> None:
        """The worker died: what it held is gone, and so is whatever it knew later than its report."""
        self.loss = now
        for witnessed in self.keys.values():
            witnessed.leased.pop(worker, None)
