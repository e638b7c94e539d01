"""Replaces workers that have grown too large: a new one serves before the old one drains, and only one at a time.

Memory that grows without end is a mistake somewhere, often in a policy of the user's own. A worker that the kernel
kills for it loses its connections, one that is replaced loses none. One that is too large again within the hour makes
the pauses longer, or a bound that is too low would have workers replaced for ever.
"""

import logging

from hotgate.runtime.workers.backoff import Backoff
from hotgate.runtime.workers.fleet import Fleet
from hotgate.runtime.workers.generation import Generation, Place

_log = logging.getLogger("hotgate.runtime")
_MIB = 1024 * 1024


class Renewal:
    """count: workers that were replaced."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._backoff = Backoff(first=60.0, ceiling=3600.0, healthy_after=3600.0)
        self._not_before = 0.0
        self.count = 0

    def look(self, bound: int | None, now: float) -> None:
        """Call about once a second. bound: resident bytes; None: there is none. now: monotonic seconds."""
        generation = self._fleet.generation
        if bound is None or generation is None or self._fleet.is_stopping or now < self._not_before:
            return
        if len(self._fleet.workers) > len(generation.places):
            return  # one is on its way already, or a reload is
        place = max(generation.places, key=_size)
        if _size(place) > bound:
            self._renew(generation, place, bound, now)

    def _renew(self, generation: Generation, place: Place, bound: int, now: float) -> None:
        worker = place.worker
        assert worker is not None
        self._not_before = now + self._backoff.delay_after(now - worker.started)
        if self._fleet.renew(generation, place):
            self.count += 1
            size, limit = worker.memory // _MIB, bound // _MIB
            _log.warning(
                "worker %s has %d MiB, more than worker_memory (%d MiB), and is replaced", worker.name, size, limit
            )


def _size(place: Place) -> int:
    return place.worker.memory if place.worker is not None and place.worker.is_ready else 0
