"""One worker, as the control process sees it: its process, its channel, its state, and its answers."""

import asyncio
import signal
from typing import Protocol

from hotgate.runtime.workers.channel import Channel, Message
from hotgate.runtime.workers.launch import Launch
from hotgate.runtime.workers.worker_state import WorkerState, next_state

_LONGEST_ERROR = 2000  # characters of a worker's error that are kept


class Process(Protocol):
    """What is used of subprocess.Popen."""

    @property
    def pid(self) -> int: ...

    def send_signal(self, number: int) -> None: ...


class WorkerHandle:
    """started: monotonic seconds. heard: the same, of its last message (one a second). was_ready: it has served.
    memory: resident bytes, as it said last. revision: the configuration it serves, 0 for none. is_prepared: it has
    compiled one. failure: why it refused one.

    An orphan, left behind by an earlier control process, has no launch: it is only asked to drain.
    """

    def __init__(self, process: Process, *, launch: Launch | None, started: float) -> None:
        self.process = process
        self.launch = launch
        self.started = started
        self.heard = started
        self.state = WorkerState.STARTING
        self.was_ready = False
        self.memory = 0
        self.is_prepared = False
        self.revision = 0
        self.failure = ""
        self.channel: Channel | None = None
        self._answers: dict[int, asyncio.Future[str]] = {}

    @property
    def name(self) -> str:
        """Unique among all workers of this control process."""
        origin = f"{self.launch.generation}.{self.launch.index}" if self.launch else "orphan"
        return f"{origin}-{self.process.pid}"

    @property
    def is_ready(self) -> bool:
        """True while it serves and is not on its way out."""
        return self.state is WorkerState.READY

    def happened(self, event: str) -> None:
        """Move to the next state. Raises UnexpectedEvent."""
        self.state = next_state(self.state, event)
        self.was_ready = self.was_ready or self.is_ready

    def attach(self, channel: Channel, revision: int) -> None:
        """The worker connected, or came back. Raises UnexpectedEvent."""
        self.happened("hello")
        self.detach()
        self.channel = channel
        self.revision = revision

    def detach(self) -> None:
        """The channel is gone; whoever waits for an answer gets none."""
        self.channel = None
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result("the worker went away")
        self._answers.clear()

    def send(self, message: Message) -> None:
        """Send, if it is connected."""
        if self.channel is not None:
            self.channel.send(message)

    def send_soon(self, message: Message) -> None:
        """Send together with others of this turn of the event loop, if it is connected."""
        if self.channel is not None:
            self.channel.send_soon(message)

    def prepare(self, revision: int, frame: bytes) -> "asyncio.Future[str]":
        """Send a `prepare` frame. The future's result is the worker's error, empty when it is ready to commit."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if self.channel is None:
            answer.set_result("the worker is not connected")
            return answer
        self._answers[revision] = answer
        self.channel.send_frame(frame)
        return answer

    def prepared(self, message: Message) -> None:
        """The worker's answer to `prepare`; one that nobody waits for any more is ignored."""
        self.is_prepared = message.get("ok") is True
        answer = self._answers.pop(int(message["revision"]), None)
        if answer is not None and not answer.done():
            answer.set_result(
                "" if message.get("ok") is True else str(message.get("error"))[:_LONGEST_ERROR] or "refused"
            )

    def commit(self, revision: int) -> None:
        """From here on the worker serves the revision it prepared."""
        self.revision = revision
        self.send({"type": "commit", "revision": revision})

    def drain(self, seconds: float) -> None:
        """Ask it to finish what it has and exit. One that has not connected yet has nothing to finish."""
        was_connected = self.channel is not None
        self.happened("drain")
        if was_connected:
            self.send({"type": "drain", "seconds": seconds})
        else:
            self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        """Send a signal; a process that is already gone is fine."""
        try:
            self.process.send_signal(number)
        except ProcessLookupError:
            return
