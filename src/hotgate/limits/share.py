"""How much of a limit a worker may admit by itself, and how much of it may be on lease.

Half of a bucket may be on lease; the other half is what workers without an authority accrue, each by its share.
Together they never exceed the bucket. A limit too small to be divided (less than one token a worker) is not served
without the authority; all of it may be on lease instead.
"""

import math

from hotgate.limits.limit import Limit

LEASE_FRACTION = 50  # a lease is at most 1/50 of what is left, over all workers: some 2 % is out near exhaustion


def local_capacity(capacity: float, share: float) -> float:
    """The most tokens that a worker with this share of the rate may admit alone; below 1 it never does."""
    return capacity * share / 2


def alone_capacity(limit: Limit, share: float) -> float:
    """The most tokens of one key that a worker with this share accrues alone, by its `alone_rate`."""
    return local_capacity(limit.capacity, share) * limit.bucket.ALONE


def alone_rate(limit: Limit, share: float) -> float:
    """Tokens a second that a worker with this share accrues alone."""
    return limit.rate * share * limit.bucket.ALONE


def admitted_alone(limit: Limit, share: float, seconds: float) -> int:
    """The most tokens of one key that a worker with this share, alone for so long, has admitted in a window."""
    capacity, rate = alone_capacity(limit, share), alone_rate(limit, share)
    accrued = rate * max(0.0, seconds - limit.bucket.alone_after(limit))
    return math.ceil(min(accrued, capacity + rate * limit.window)) if capacity >= 1 else 0


def lease_ceiling(capacity: float, largest_share: float) -> int:
    """The most tokens of one bucket that may be on lease at once."""
    return int(capacity) if local_capacity(capacity, largest_share) < 1 else int(capacity / 2)


def worker_ceiling(capacity: float, workers: int) -> int:
    """The most tokens of one bucket that one worker may hold; always at least one."""
    return max(1, int(capacity / (2 * workers)))


def lease_size(level: float, *, need: int, want: int, workers: int) -> int:
    """Tokens to lend: what waiting requests need at once, or a small part of what is left, whichever is more."""
    return min(int(level), max(need, min(want, int(level) // (LEASE_FRACTION * workers))))
