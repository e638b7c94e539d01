"""The old control process's side of an upgrade: starts the new one, and hears how it fares."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

from hotgate.runtime.upgrading.predecessor import VARIABLE, Bequest
from hotgate.runtime.workers.channel import Channel, Message


class Successor:
    """A process of the program as it is on the disk now, with the arguments of this one."""

    def __init__(self, process: "subprocess.Popen[bytes]", line: socket.socket) -> None:
        self._process = process
        self._line = line
        self._channel = Channel(on_message=self._heard, on_closed=self._hung_up)
        self._word: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    @classmethod
    def start(cls, lock: int, sockets: Mapping[str, Sequence[int]], environment: Mapping[str, str]) -> "Successor":
        """Start it. environment: added to that of this process. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            bequest = Bequest(theirs.fileno(), lock, sockets)
            try:
                process = subprocess.Popen(  # noqa: S603 (our own interpreter and arguments)
                    [sys.executable, *sys.orig_argv[1:]],
                    env={**os.environ, **environment, VARIABLE: bequest.to_text()},
                    stdin=subprocess.DEVNULL,
                    pass_fds=bequest.descriptors,
                )
            except OSError:
                ours.close()
                raise
        return cls(process, ours)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def outcome(self, seconds: float) -> str:
        """Wait until it is ready to take over (""), or why it is not."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self._channel, sock=self._line)
        try:
            word = await asyncio.wait_for(self._word, seconds)
        except TimeoutError:
            return f"the new process was not ready after {seconds:g} s"
        if word["type"] == "relieved":
            return ""
        return str(word.get("reason") or "the new process ended")

    async def end(self) -> None:
        """End it, unless it has ended, and wait until it has. Its workers come to us, and are drained."""
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._process.wait, 5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        self._channel.abort()

    def _heard(self, _channel: Channel, message: Message) -> None:
        if not self._word.done():
            self._word.set_result(message)

    def _hung_up(self, channel: Channel) -> None:
        self._heard(channel, {"type": "failed"})
