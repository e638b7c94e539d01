"""The operating system and the event loop, as the fleet uses them."""

import asyncio
import os
import signal
import time
from collections.abc import Callable

from hotgate.runtime.workers.launch import Launch, start_worker
from hotgate.runtime.workers.worker_handle import Process


class ProcessHost:
    """Starts worker processes and notices the end of any process through a pidfd (pidfd_open(2)), without SIGCHLD."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def start(self, launch: Launch, on_exit: Callable[[], None]) -> Process:
        """Start a worker; `on_exit` is called when it has ended. Raises OSError."""
        process = start_worker(launch)

        def ended() -> None:
            process.wait()  # it has ended: this only collects its status
            on_exit()

        try:
            descriptor = os.pidfd_open(process.pid)
        except OSError:  # out of descriptors: a worker that nobody watches must not stay
            process.kill()
            process.wait()
            raise
        self._watch(descriptor, ended)
        return process

    def adopt(self, pid: int, on_exit: Callable[[], None]) -> Process:
        """Watch a process that somebody else started. Raises OSError if it is gone."""
        descriptor = os.pidfd_open(pid)
        self._watch(descriptor, on_exit)
        return AdoptedProcess(pid, descriptor)

    def call_later(self, delay: float, callback: Callable[[], None]) -> object:
        """Call back after `delay` seconds."""
        return self._loop.call_later(delay, callback)

    def _watch(self, descriptor: int, on_exit: Callable[[], None]) -> None:
        def ended() -> None:
            self._loop.remove_reader(descriptor)
            on_exit()
            os.close(descriptor)

        self._loop.add_reader(descriptor, ended)


class AdoptedProcess:
    """A process by its pidfd: a signal never reaches another process that got the same id later."""

    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._descriptor = descriptor

    def send_signal(self, number: int) -> None:
        """Raises ProcessLookupError if it is gone."""
        signal.pidfd_send_signal(self._descriptor, number)
