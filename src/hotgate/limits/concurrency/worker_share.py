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


def too_few(places: object, workers: object) -> str:
    """What is wrong with so few places, "" if nothing is. Both are numbers, or something else while nobody knows."""
    if isinstance(places, int) and isinstance(workers, int) and places < workers:
        return f"each of the {workers} workers needs a place at least; give more, or run with fewer `workers`"
    return ""
