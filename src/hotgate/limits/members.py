"""The workers that the authority serves: their shares of every rate, and the order of their messages."""

import math
from collections.abc import Callable

from hotgate.limits.absence import Absence
from hotgate.limits.share import local_capacity

ROUNDING = 1e-6  # of a sum of shares


class Members:
    """Shares of the rate: worker → fraction. All of them together, those out of reach included, are at most 1.

    A worker that is alive but out of reach admits requests by its share, so time runs slower here by as much: `now`
    is the clock that buckets refill by. While `pause`d it stands still.
    """

    def __init__(self, clock: Callable[[], float], workers: int) -> None:
        self.workers = workers
        self._clock = clock
        self._shares: dict[str, float] = {}
        self._missing: dict[str, float] = {}
        self._missing_since: dict[str, float] = {}
        self._sequences: dict[str, int] = {}
        self._paused = False
        self._refilled = 0.0
        self._read_at = clock()

    def __contains__(self, worker: str) -> bool:
        return worker in self._shares

    def __len__(self) -> int:
        return len(self._shares) + len(self._missing)

    def present(self) -> list[str]:
        """Those that can be heard."""
        return list(self._shares)

    def knows(self, worker: str) -> bool:
        """Whether the worker was ever heard of, and is not known to be dead."""
        return worker in self._shares or worker in self._missing

    def is_missing(self, worker: str) -> bool:
        """Whether the worker is out of reach, but not known to be dead."""
        return worker in self._missing

    def missing_since(self, worker: str) -> float:
        """Since when the worker is out of reach, in monotonic seconds: inf if it is not, -inf if it was never heard."""
        return self._missing_since.get(worker, math.inf)

    @property
    def missing(self) -> bool:
        """Whether a worker is out of reach."""
        return bool(self._missing)

    @property
    def speed(self) -> float:
        """Seconds of refill in a second."""
        if not self._missing:
            return 0.0 if self._paused else 1.0
        speed = 0.0 if self._paused else 1.0 - sum(self._missing.values())
        return speed if speed > ROUNDING else 0.0  # ten tenths are a little less than 1, and nobody waits that long

    @property
    def largest_share(self) -> float:
        """The largest share that any worker has or will get."""
        return max([1 / self.workers, *self._shares.values(), *self._missing.values()])

    def now(self) -> float:
        """Seconds of refill so far. Never goes back."""
        read_at = self._clock()
        if read_at > self._read_at:
            self._refilled += (read_at - self._read_at) * self.speed
            self._read_at = read_at
        return self._refilled

    def pause(self) -> None:
        """Stop all refill."""
        self.now()
        self._paused = True

    def resume(self) -> None:
        """Go on refilling from here."""
        self.now()
        self._paused = False

    def join(self, worker: str) -> None:
        """A worker that starts with nothing."""
        self.leave(worker)
        self._shares[worker] = 0.0
        self._sequences[worker] = 0

    def miss(self, worker: str, share: float | None = None) -> None:
        """A worker that lives but cannot be heard: its share is kept for it. share: of one that was never heard."""
        self.now()
        known = self._shares.pop(worker, 0.0)
        self._missing[worker] = known if share is None else share
        self._missing_since[worker] = self._read_at if share is None else -math.inf

    def rejoin(self, worker: str, *, share: float, sequence: int) -> None:
        """A worker that comes back with what it held; messages it sent before are void."""
        self.leave(worker)
        self._shares[worker] = share
        self._sequences[worker] = sequence

    def leave(self, worker: str) -> None:
        """A worker that is dead."""
        self.now()
        self._shares.pop(worker, None)
        self._missing.pop(worker, None)
        self._missing_since.pop(worker, None)
        self._sequences.pop(worker, None)

    def accept(self, worker: str, sequence: int) -> bool:
        """Whether the message is newer than all before it; a stale or repeated one must be ignored."""
        if sequence <= self._sequences.get(worker, sequence):
            return False
        self._sequences[worker] = sequence
        return True

    def share_of(self, worker: str) -> float:
        """The worker's share, raised to an equal part as far as others have left room. It is never lowered."""
        taken = sum(self._shares.values()) + sum(self._missing.values())
        share = self._shares[worker]
        share = max(share, min(1 / self.workers, share + max(0.0, 1.0 - taken)))
        self._shares[worker] = share
        return share

    def held_out_of_reach(self, capacity: float) -> float:
        """The most tokens of a bucket that workers out of reach may hold from before."""
        if not self._missing:
            return 0.0
        return sum(max(1.0, local_capacity(capacity, share)) for share in self._missing.values())

    def reserve(self, capacity: float) -> float:
        """Tokens of a bucket to keep free for workers out of reach: what they may hold, and what they may accrue."""
        if not self._missing:
            return 0.0
        accrued = sum(local_capacity(capacity, share) for share in self._missing.values())
        return self.held_out_of_reach(capacity) + accrued

    def absence(self, worker: str) -> Absence:
        """For how long, and with which share, a worker has been out of reach."""
        return Absence(self._missing[worker], self._clock() - self._missing_since[worker])
