"""What the control process and its workers say to each other, seen from the control process.

A worker connects and says `hello`; it gets `prepare`, answers `prepared`, gets `commit`, and says `ready` once it
accepts connections. From then on it reports. A worker that reconnects goes the same way, and skips what it has.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from typing import Any

from hotgate.runtime.compiling.configuration import Configuration
from hotgate.runtime.workers.channel import Channel, Message
from hotgate.runtime.workers.fleet import Fleet
from hotgate.runtime.workers.generation import Generation
from hotgate.runtime.workers.roll_out import roll_out
from hotgate.runtime.workers.worker_handle import WorkerHandle
from hotgate.runtime.workers.worker_state import UnexpectedEvent, WorkerState

_log = logging.getLogger("hotgate.runtime")

Keys = Callable[[Any], Mapping[str, Any]]
Report = Callable[[WorkerHandle, Message], None]
Lost = Callable[[WorkerHandle], None]


class Conversations:
    """keys: what each model is sent with (`Configuration.prepare_frame`). on_report: gets each `hello`, and
    what is not about a worker's life. on_lost: called when a worker cannot be heard any more; its process may have
    ended or not.
    """

    def __init__(self, fleet: Fleet, keys: Keys, on_report: Report, on_lost: Lost) -> None:
        self._fleet = fleet
        self._keys = keys
        self._on_report = on_report
        self._on_lost = on_lost
        self._by_channel: dict[Channel, WorkerHandle] = {}
        self._being_brought_up: dict[WorkerHandle, asyncio.Task[None]] = {}

    def on_message(self, channel: Channel, message: Message) -> None:
        """A message from a worker. One that makes no sense ends the conversation; the worker starts a new one."""
        try:
            self._dispatch(channel, message)
        except (UnexpectedEvent, KeyError, TypeError, ValueError, OSError) as error:
            _log.error("worker process %d sent a message that is refused: %r", channel.peer, error)
            channel.close()

    def on_closed(self, channel: Channel) -> None:
        """A conversation is over: the worker died, or will come back."""
        worker = self._by_channel.pop(channel, None)
        if channel.refusal:
            _log.error("the channel of process %d was closed: %s", channel.peer, channel.refusal)
        if worker is not None and worker.channel is channel:
            worker.detach()
            self._on_lost(worker)

    def broadcast(self, message: Message) -> None:
        """Send to every connected worker."""
        for worker in self._fleet.workers:
            worker.send(message)

    @property
    def current(self) -> Generation:
        """The generation that serves. Raises RuntimeError before the first is ready."""
        if self._fleet.generation is None:
            raise RuntimeError("no generation of workers is ready")
        return self._fleet.generation

    async def change_configuration(self, configuration: Configuration) -> str:
        """Have all workers of the current generation change, or none. Returns why not."""
        generation = self.current
        current = generation.configuration.revision
        ready = [worker for worker in generation.workers if worker.is_ready and worker.revision == current]
        reason = await roll_out(ready, configuration, self._keys(configuration.model))
        if not reason:
            generation.configuration = configuration
        for worker in generation.workers:
            self._bring_up(generation, worker)
        return reason

    def _dispatch(self, channel: Channel, message: Message) -> None:
        kind = message["type"]
        if kind == "hello":
            self._hello(channel, message)
            return
        worker = self._by_channel[channel]
        if kind == "prepared":
            worker.prepared(message)
        elif kind == "ready":
            self._ready(worker)
        elif kind == "draining":
            worker.happened("drain")
        else:
            self._on_report(worker, message)

    def _hello(self, channel: Channel, message: Message) -> None:
        if self._fleet.has_let_go:
            channel.close()
            return
        worker = self._fleet.worker_of(channel.peer)
        worker.attach(channel, int(message["revision"]) if worker.launch else 0)
        self._by_channel[channel] = worker
        if message.get("joins") is True:
            channel.join()
        self._on_report(worker, message)
        generation = self._fleet.generation_of(worker)
        if worker.state is WorkerState.DRAINING or self._fleet.is_stopping:
            self._fleet.drain(worker, self._drain_seconds())
        elif generation is not None:
            self._bring_up(generation, worker)
        elif self._fleet.generation is not None:  # an orphan came late: the new workers are ready
            self._fleet.drain(worker, self._drain_seconds())

    def _ready(self, worker: WorkerHandle) -> None:
        worker.happened("ready")
        generation = self._fleet.generation_of(worker)
        if generation is not None:
            self._bring_up(generation, worker)
            self._fleet.promote(worker)
            generation.check_settled()

    def _drain_seconds(self) -> float:
        generation = self._fleet.generation
        return generation.configuration.drain if generation else 0.0

    def _bring_up(self, generation: Generation, worker: WorkerHandle) -> None:
        if worker.revision == generation.configuration.revision or worker in self._being_brought_up:
            return
        task = asyncio.get_running_loop().create_task(self._until_current(generation, worker))
        self._being_brought_up[worker] = task
        task.add_done_callback(lambda _: self._being_brought_up.pop(worker, None))

    async def _until_current(self, generation: Generation, worker: WorkerHandle) -> None:
        """Prepare and commit until the worker has what its generation has, which may change meanwhile."""
        while worker.channel is not None and worker.revision != generation.configuration.revision:
            configuration = generation.configuration
            frame = configuration.prepare_frame(self._keys(configuration.model))
            failure = await worker.prepare(configuration.revision, frame)
            if worker.channel is None:
                return
            if failure:
                _log.error("worker %s refuses the configuration: %s", worker.name, failure)
                worker.failure = failure
                worker.signal(signal.SIGTERM)
                return
            generation.check_settled()
            await generation.may_serve.wait()
            worker.commit(configuration.revision)
        generation.check_settled()
