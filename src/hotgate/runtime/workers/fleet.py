"""All worker processes of a gateway: starts them, replaces those that die, drains and ends them."""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from hotgate.runtime.workers.generation import Generation, Place
from hotgate.runtime.workers.launch import Launch
from hotgate.runtime.workers.worker_handle import Process, WorkerHandle
from hotgate.runtime.workers.worker_state import WorkerState

_log = logging.getLogger("hotgate.runtime")
_KILL_GRACE = 5.0  # seconds that a worker may take longer than it was given to drain


class Host(Protocol):
    """What the fleet needs of the operating system and the event loop; a fake in tests."""

    def now(self) -> float: ...

    def start(self, launch: Launch, on_exit: Callable[[], None]) -> Process: ...

    def adopt(self, pid: int, on_exit: Callable[[], None]) -> Process: ...

    def call_later(self, delay: float, callback: Callable[[], None]) -> object: ...


class Fleet:
    """generation: the current one; None until the first is ready. restarts: workers that were replaced.

    has_let_go: workers that come now belong to another control process. on_gone: called when a worker's process has
    ended. emptied: set when the fleet is stopping and no process is left.
    """

    def __init__(self, host: Host, on_gone: Callable[[WorkerHandle], None]) -> None:
        self._host = host
        self._on_gone = on_gone
        self._by_pid: dict[int, WorkerHandle] = {}
        self._generations: dict[int, Generation] = {}
        self.generation: Generation | None = None
        self.restarts = 0
        self.is_stopping = False
        self.has_let_go = False
        self.emptied = asyncio.Event()

    @property
    def workers(self) -> Sequence[WorkerHandle]:
        """Every worker whose process runs, also those that drain."""
        return list(self._by_pid.values())

    @property
    def serving(self) -> Sequence[WorkerHandle]:
        """Those of the current generation that take requests."""
        return [] if self.generation is None else [worker for worker in self.generation.workers if worker.is_ready]

    def worker_of(self, pid: int) -> WorkerHandle:
        """The worker with a process id; one that we did not start was left behind by an earlier control process.

        Raises OSError if the process is gone.
        """
        worker = self._by_pid.get(pid)
        if worker is None:
            process = self._host.adopt(pid, lambda: self._ended(pid))
            worker = self._by_pid[pid] = WorkerHandle(process, launch=None, started=self._host.now())
        return worker

    def generation_of(self, worker: WorkerHandle) -> Generation | None:
        """The generation a worker serves; None for an orphan, and for one whose generation is being drained."""
        return self._generations.get(worker.launch.generation) if worker.launch else None

    def start(self, generation: Generation) -> None:
        """Start a generation's workers. `generation.settled` tells when they are ready, or will never be."""
        self._generations[generation.number] = generation
        for place in generation.places:
            self._fill(generation, place)

    def renew(self, generation: Generation, place: Place) -> bool:
        """Start a worker beside the one here, which drains once the new one serves. False if it cannot be started."""
        place.successor = self._started(generation, place)
        return place.successor is not None

    def promote(self, worker: WorkerHandle) -> None:
        """A worker serves; if it was started to succeed another, that one drains."""
        generation = self.generation_of(worker)
        for place in generation.places if generation else ():
            if generation and place.successor is worker:
                previous, place.worker, place.successor = place.worker, worker, None
                if previous is not None:
                    self.drain(previous, generation.configuration.drain)

    def take_over(self, generation: Generation) -> None:
        """Make a generation the current one; the one before it, and orphans, drain."""
        previous, self.generation = self.generation, generation
        if previous is not None:
            self.retire(previous, previous.configuration.drain)
        for orphan in [worker for worker in self.workers if worker.launch is None]:
            self.drain(orphan, generation.configuration.drain)

    def retire(self, generation: Generation, seconds: float) -> None:
        """Drain a generation's workers and replace none of them any more."""
        self._generations.pop(generation.number, None)
        for worker in generation.workers:
            self.drain(worker, seconds)

    def drain(self, worker: WorkerHandle, seconds: float) -> None:
        """Let a worker finish within `seconds`; it is killed when it takes much longer."""
        if worker.state is WorkerState.EXITED:
            return
        worker.drain(seconds)
        self._host.call_later(seconds + _KILL_GRACE, lambda: self._kill_late(worker))

    def drain_all(self, seconds: float) -> None:
        """Stop: let every worker finish within `seconds`."""
        self.is_stopping = True
        for worker in self.workers:
            self.drain(worker, seconds)
        self._check_emptied()

    def kill_all(self) -> None:
        """Stop: end every worker at once."""
        self.is_stopping = True
        for worker in self.workers:
            worker.signal(signal.SIGKILL)
        self._check_emptied()

    def give_up(self) -> None:
        """Stop before there was anything: end the workers that were started; those of another go on without us."""
        self._let_go(worker for worker in self.workers if worker.launch is None)
        self.kill_all()

    def let_go(self) -> None:
        """Stop, and leave every worker to the control process that it finds next."""
        self.is_stopping = True
        self._let_go(self.workers)
        self._check_emptied()

    def _let_go(self, workers: Iterable[WorkerHandle]) -> None:
        self.has_let_go = True
        for worker in workers:
            del self._by_pid[worker.process.pid]
            if worker.channel is not None:
                worker.channel.send({"type": "let_go"})
                worker.channel.close()

    def _fill(self, generation: Generation, place: Place) -> None:
        if self.is_stopping or generation.number not in self._generations:
            return
        place.worker = self._started(generation, place)
        if place.worker is None:
            place.deaths += 1
            self._replace(generation, place, lifetime=0.0)

    def _started(self, generation: Generation, place: Place) -> WorkerHandle | None:
        def ended() -> None:
            self._exited(generation, place, worker)

        try:
            process = self._host.start(place.launch, ended)
        except OSError as error:
            _log.error("cannot start worker %d: %s", place.launch.index, error)
            return None
        worker = self._by_pid[process.pid] = WorkerHandle(process, launch=place.launch, started=self._host.now())
        return worker

    def _exited(self, generation: Generation, place: Place, worker: WorkerHandle) -> None:
        was_draining = worker.state is WorkerState.DRAINING
        self._forget(worker)
        if worker is place.successor:
            place.successor = None
            _log.warning("worker %s ended before it could succeed another", worker.name)
        elif worker is place.worker:
            place.died()
            self._after_death(generation, place, worker, was_draining)
        generation.check_settled()

    def _after_death(self, generation: Generation, place: Place, worker: WorkerHandle, was_draining: bool) -> None:
        if self.is_stopping or generation.number not in self._generations:
            return
        if not was_draining:
            _log.warning("worker %s died and is replaced", worker.name)
        self.restarts += 1
        if place.worker is None:
            self._replace(generation, place, lifetime=self._host.now() - worker.started)

    def _ended(self, pid: int) -> None:
        """An orphan's process is gone."""
        worker = self._by_pid.get(pid)
        if worker is not None:
            self._forget(worker)

    def _forget(self, worker: WorkerHandle) -> None:
        worker.happened("exit")
        self._by_pid.pop(worker.process.pid, None)
        if worker.channel is not None:
            worker.channel.close()
        worker.detach()
        self._on_gone(worker)
        self._check_emptied()

    def _replace(self, generation: Generation, place: Place, lifetime: float) -> None:
        self._host.call_later(place.backoff.delay_after(lifetime), lambda: self._fill(generation, place))

    def _kill_late(self, worker: WorkerHandle) -> None:
        if self._by_pid.get(worker.process.pid) is worker:
            _log.warning("worker %s did not stop in time and is killed", worker.name)
            worker.signal(signal.SIGKILL)

    def _check_emptied(self) -> None:
        if self.is_stopping and not self._by_pid:
            self.emptied.set()
