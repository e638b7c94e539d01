"""A fleet without processes: the host, the processes and the channels are fakes; the test plays the workers."""

import json
import signal
from collections.abc import Callable, Mapping
from typing import Any

from hotgate.runtime.compiling.configuration import Configuration
from hotgate.runtime.workers.channel import Channel, Message
from hotgate.runtime.workers.conversations import Conversations
from hotgate.runtime.workers.fleet import Fleet
from hotgate.runtime.workers.generation import Generation
from hotgate.runtime.workers.launch import Launch
from hotgate.runtime.workers.worker_handle import WorkerHandle


class FakeProcess:
    """`signals` are those it got; `exit` ends it."""

    def __init__(self, pid: int, on_exit: Callable[[], None]) -> None:
        self.pid = pid
        self.signals: list[int] = []
        self.exit = on_exit

    def send_signal(self, number: int) -> None:
        self.signals.append(number)


class FakeChannel(Channel):
    """Keeps what is sent to the worker at its other end."""

    def __init__(self, pid: int) -> None:
        super().__init__(on_message=lambda *_: None, on_closed=lambda _: None)
        self.peer = pid
        self.sent: list[Message] = []
        self.is_closed = False

    def send_frame(self, frame: bytes) -> None:
        self.sent.append(json.loads(frame[4:]))

    def close(self) -> None:
        self.is_closed = True

    def last(self, kind: str) -> Message:
        return next(message for message in reversed(self.sent) if message["type"] == kind)

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.sent]


class FakeHost:
    """Time stands still until `pass_time`; `processes` are all that were ever started."""

    def __init__(self) -> None:
        self.time = 0.0
        self.processes: list[FakeProcess] = []
        self.adopted: list[FakeProcess] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.start_error: OSError | None = None

    def now(self) -> float:
        return self.time

    def start(self, launch: Launch, on_exit: Callable[[], None]) -> FakeProcess:
        if self.start_error is not None:
            raise self.start_error
        process = FakeProcess(100 + len(self.processes), on_exit)
        self.processes.append(process)
        return process

    def adopt(self, pid: int, on_exit: Callable[[], None]) -> FakeProcess:
        process = FakeProcess(pid, on_exit)
        self.adopted.append(process)
        return process

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        self.timers.append((self.time + delay, callback))

    def pass_time(self, seconds: float) -> None:
        self.time += seconds
        due = [timer for timer in self.timers if timer[0] <= self.time]
        self.timers = [timer for timer in self.timers if timer[0] > self.time]
        for _, callback in due:
            callback()


class Scene:
    """A fleet with its conversations. `reports` and `gone` record what the fleet passes on."""

    def __init__(self) -> None:
        self.host = FakeHost()
        self.reports: list[Message] = []
        self.gone: list[int] = []
        self.lost: list[int] = []
        self.keys: Mapping[str, Any] = {"key_sets": {"corp": {"keys": []}}, "ticket_key": "00"}
        self.fleet = Fleet(self.host, lambda worker: self.gone.append(worker.process.pid))
        self.conversations = Conversations(
            self.fleet, lambda _: self.keys, self._report, lambda worker: self.lost.append(worker.process.pid)
        )

    def _report(self, _worker: WorkerHandle, message: Message) -> None:
        self.reports.append(message)

    def generation(self, workers: int = 1, number: int = 1, revision: int = 1, *, is_held: bool = False) -> Generation:
        launches = [
            Launch(socket="s", index=index, generation=number, workers=workers, folder="/", listeners={})
            for index in range(workers)
        ]
        return Generation(number, launches, configuration(revision), is_held=is_held)

    def connect(self, pid: int, revision: int = 0) -> FakeChannel:
        channel = FakeChannel(pid)
        self.say(channel, "hello", revision=revision)
        return channel

    def say(self, channel: FakeChannel, kind: str, **members: Any) -> None:
        self.conversations.on_message(channel, {"type": kind, **members})

    def answer(self, channel: FakeChannel, error: str = "") -> None:
        revision = channel.last("prepare")["revision"]
        self.say(channel, "prepared", revision=revision, ok=not error, error=error)

    def killed(self, process: FakeProcess) -> bool:
        return signal.SIGKILL in process.signals


def configuration(revision: int) -> Configuration:
    return Configuration(revision, {"routes": []}, None, drain=10.0)
