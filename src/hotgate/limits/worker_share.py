"""One worker's part of places that are few for the whole gateway."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerShare:
    """index: of this worker, from 0. workers: how many there are."""

    index: int = 0
    workers: int = 1

    def of(self, places: int) -> int:
        """Its part: all parts together are exactly as many, but each worker has one place at least."""
        return max(1, places // self.workers + (self.index < places % self.workers))
