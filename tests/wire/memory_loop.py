"""An event loop without sockets and with a clock that stands still: the same callbacks give the same run, every time.

It has what the data plane asks of a loop, and no more: callbacks, timers, tasks, listeners and connections.
"""

import asyncio
import heapq
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar, cast

from wire.memory_connection import Endpoint, MemoryTransport

T = TypeVar("T")

_MOST_STEPS = 200_000  # callbacks in a row: more is two parties that keep each other busy for ever


class MemoryServer:
    """What `create_server` gives: connections come only from `MemoryLoop.knock`."""

    def __init__(self, loop: "MemoryLoop", factory: Callable[[], asyncio.Protocol], sock: socket.socket) -> None:
        self._loop = loop
        self._sock = sock
        self.factory = factory

    def close(self) -> None:
        """Listen no more. Idempotent."""
        self._sock.close()
        if self in self._loop.servers:
            self._loop.servers.remove(self)


class MemoryLoop:
    """now: seconds, moved by hand. answer: called with the far end of each connection opened; may raise OSError.

    errors: what callbacks raised. servers: what listens, in order.
    """

    def __init__(self, answer: Callable[[Endpoint], None]) -> None:
        self.now = 1000.0
        self.errors: list[dict[str, Any]] = []
        self.servers: list[MemoryServer] = []
        self._answer = answer
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[asyncio.TimerHandle] = []
        self._loop = cast(asyncio.AbstractEventLoop, self)  # one in all that is used of it

    def settle(self) -> None:
        """Let everything happen that can happen without time passing."""
        asyncio._set_running_loop(self._loop)
        try:
            for _ in range(_MOST_STEPS):
                if not self._ready:
                    return
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
        finally:
            asyncio._set_running_loop(None)
        raise AssertionError("the callbacks never come to an end")

    def advance(self, seconds: float) -> None:
        """Let time pass, with all timers on the way."""
        self.now += seconds
        while self._timers and self._timers[0].when() <= self.now:
            self._ready.append(heapq.heappop(self._timers))
        self.settle()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine; time passes as far as its timers ask."""
        task: asyncio.Task[T] = self.create_task(coroutine)
        self.settle()
        while not task.done():
            assert self._timers, "the coroutine waits for what never happens"
            self.advance(max(0.0, self._timers[0].when() - self.now))
        return task.result()

    def knock(self) -> Endpoint:
        """A client connects to the first listener. Raises ConnectionRefusedError."""
        if not self.servers:
            raise ConnectionRefusedError
        return self._joined(self.servers[0].factory())[1]

    def _joined(self, protocol: asyncio.Protocol) -> tuple[MemoryTransport, Endpoint]:
        end = Endpoint()
        transport = MemoryTransport(self._loop, protocol, end)
        self.call_soon(protocol.connection_made, transport)
        return transport, end

    # asyncio and the data plane call these.

    def time(self) -> float:
        return self.now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self._loop, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self._loop, context)
        heapq.heappush(self._timers, timer)
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its time comes."""

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self._loop)

    def create_task(self, coro: Any, **kwargs: Any) -> "asyncio.Task[Any]":
        return asyncio.Task(coro, loop=self._loop, **kwargs)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.errors.append(context)

    async def create_connection(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        protocol = protocol_factory()
        transport, end = self._joined(protocol)
        self._answer(end)
        await asyncio.sleep(0)
        return transport, protocol

    async def create_server(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        server = MemoryServer(self, protocol_factory, kwargs["sock"])
        self.servers.append(server)
        return server
