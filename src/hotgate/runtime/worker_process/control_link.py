"""A worker's end of the Unix socket: connects, and connects again whenever the control process has gone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from hotgate.runtime.workers.backoff import Backoff
from hotgate.runtime.workers.channel import Channel, Message

_log = logging.getLogger("hotgate.runtime")
_FLUSH_SECONDS = 1.0
_LONGEST_WAIT = 2.0  # seconds between two attempts: how late an orphan may notice a new control process


class ControlLink:
    """on_found: called after each connect. on_lost: called once for each time the control process goes away.

    A worker that finds nobody for long goes on serving: traffic matters more than a control process.
    """

    def __init__(
        self,
        path: str,
        *,
        on_found: Callable[[], None],
        on_lost: Callable[[], None],
        on_message: Callable[[Message], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._path = path
        self._on_found = on_found
        self._on_lost = on_lost
        self._on_message = on_message
        self._sleep = sleep
        self._backoff = Backoff(ceiling=_LONGEST_WAIT)
        self._channel: Channel | None = None
        self._is_let_go = False
        self._closed = asyncio.Event()
        self._closed.set()

    async def run(self) -> None:
        """Keep a connection until cancelled."""
        while True:
            lifetime = 0.0
            if await self._connect():
                lifetime = await self._use()
            await self._sleep(self._backoff.delay_after(lifetime))

    def let_go(self) -> None:
        """The control process is about to hang up, for another one takes its place."""
        self._is_let_go = True

    def send(self, message: Message) -> None:
        """Send, or lose the message when nobody is there: what must not be lost is said again in `hello`."""
        if self._channel is not None:
            self._channel.send(message)

    def send_soon(self, message: Message) -> None:
        """Send together with others of this turn of the event loop, or lose the message like them."""
        if self._channel is not None:
            self._channel.send_soon(message)

    def send_droppable(self, message: Message) -> bool:
        """Send unless nobody is there, or the control process is behind with its reading."""
        return self._channel is not None and self._channel.send_droppable(message)

    def close(self) -> None:
        """Send what is queued, then hang up; `run` connects again."""
        if self._channel is not None:
            self._channel.close()

    async def finish(self) -> None:
        """Hang up for good. What is queued is sent, unless the control process does not read it within a second."""
        self.close()
        try:
            await asyncio.wait_for(self._closed.wait(), _FLUSH_SECONDS)
        except TimeoutError:
            if self._channel is not None:
                self._channel.abort()

    async def _use(self) -> float:
        """Until the control process hangs up: after how many seconds. One that is ending may do so at once."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        self._on_found()
        await self._closed.wait()
        self._channel = None
        self._tell_of_loss()
        self._on_lost()
        return loop.time() - since

    def _tell_of_loss(self) -> None:
        if not self._is_let_go:
            _log.warning("the control process is gone; serving on without it")
        self._is_let_go = False

    async def _connect(self) -> bool:
        def channel() -> Channel:
            self._closed.clear()
            return Channel(
                on_message=lambda _, message: self._on_message(message), on_closed=lambda _: self._closed.set()
            )

        loop = asyncio.get_running_loop()
        try:
            _, self._channel = await loop.create_unix_connection(channel, self._path)
        except OSError:  # not there (yet), or not listening (yet)
            self._closed.set()
            return False
        return True
