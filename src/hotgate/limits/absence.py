"""What a worker may have admitted while nobody could hear it."""

import math
from typing import NamedTuple

from hotgate.limits.limit import Limit
from hotgate.limits.share import admitted_alone, local_capacity

UNNOTICED = 5.0  # seconds before us in which a worker may have noticed that it is alone


class Absence(NamedTuple):
    """share: the worker's, of every rate. seconds: for which it was out of reach; inf if it was never heard."""

    share: float
    seconds: float

    def used(self, limit: Limit) -> float:
        """The most tokens of a bucket that it may have used in a window, uncounted."""
        alone = admitted_alone(limit, self.share, self.seconds + UNNOTICED)
        return alone if self.seconds < math.inf else alone + max(1.0, local_capacity(limit.capacity, self.share))
