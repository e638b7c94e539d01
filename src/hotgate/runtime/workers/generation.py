"""A generation: a set of workers that share one set of listeners. A change of the listeners starts a new one."""

import asyncio
from collections.abc import Sequence

from hotgate.runtime.compiling.configuration import Configuration
from hotgate.runtime.workers.backoff import Backoff
from hotgate.runtime.workers.launch import Launch
from hotgate.runtime.workers.worker_handle import WorkerHandle

DEATHS_BEFORE_GIVING_UP = 3


class Place:
    """Where one worker of a generation belongs: who fills it, and how its predecessors fared.

    successor: a worker that gets ready to take the place of the one here. failure: why the last one refused the
    configuration. deaths: how many died before they were ready.
    """

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.backoff = Backoff()
        self.worker: WorkerHandle | None = None
        self.successor: WorkerHandle | None = None
        self.failure = ""
        self.deaths = 0

    @property
    def is_ready(self) -> bool:
        """True while a worker serves here."""
        return self.worker is not None and self.worker.is_ready

    def died(self) -> None:
        """The worker here ended; remember how it fared."""
        if self.worker is not None:
            self.deaths = 0 if self.worker.was_ready else self.deaths + 1
            self.failure = self.worker.failure
            self.worker, self.successor = self.successor, None

    @property
    def is_hopeless(self) -> bool:
        """True when another attempt would fare no better."""
        return bool(self.failure) or self.deaths >= DEATHS_BEFORE_GIVING_UP


class Generation:
    """configuration: what its workers serve, or are to serve. settled: set once all are ready, or none ever will be.

    may_serve: until it is set (`is_held`), workers get ready but put nothing into force. prepared: set once all have
    come so far, or none ever will.
    """

    def __init__(
        self, number: int, launches: Sequence[Launch], configuration: Configuration, *, is_held: bool = False
    ) -> None:
        self.number = number
        self.places = [Place(launch) for launch in launches]
        self.configuration = configuration
        self.settled = asyncio.Event()
        self.prepared = asyncio.Event()
        self.may_serve = asyncio.Event()
        if not is_held:
            self.may_serve.set()

    @property
    def workers(self) -> list[WorkerHandle]:
        """Those whose process runs."""
        there = [worker for place in self.places for worker in (place.worker, place.successor)]
        return [worker for worker in there if worker is not None]

    @property
    def is_ready(self) -> bool:
        """True while every worker serves the current revision."""
        revision = self.configuration.revision
        return all(place.is_ready and place.worker and place.worker.revision == revision for place in self.places)

    @property
    def failure(self) -> str:
        """Why no worker can start; empty while there is hope."""
        if not all(place.is_hopeless for place in self.places):
            return ""
        return next((place.failure for place in self.places if place.failure), "the workers die as soon as they start")

    def check_settled(self) -> None:
        """Wake up who waits for the start to be over, one way or the other."""
        if self.failure or all(place.worker and place.worker.is_prepared for place in self.places):
            self.prepared.set()
        if self.is_ready or self.failure:
            self.settled.set()
