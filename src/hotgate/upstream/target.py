"""One address of an upstream and its pool of connections."""

import asyncio
import ipaddress
import ssl
from collections import deque
from typing import Protocol

from hotgate.upstream.circuit import circuit_that_never_opens
from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.failure import UpstreamFailure, busy, connect_timeout, is_ours, refused
from hotgate.upstream.outbox import Outbox

_MAX_WAITING = 1024  # exchanges that may queue for a connection; each is bounded by the connect time-out as well


class ConnectionWaiter(Protocol):
    """An exchange that waits for a connection. is_over: its client has left. is_done: it has its whole answer."""

    is_over: bool
    is_done: bool

    def on_connection(self, connection: UpstreamConnection) -> None: ...

    def on_failure(self, failure: UpstreamFailure) -> None: ...


class Target:
    """name: `http://host:port` as in the file. weight: its share now. active: exchanges on it now.

    addresses: of the host, numeric; none while a name is not resolved. circuit: is told what comes of requests.
    `acquire`, `release` and `discard` are the only mutators of the pool, and none of them waits.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        *,
        weight: int = 1,
        tls: ssl.SSLContext | None = None,
        connect_timeout: float = 2.0,
        max_connections: int = 1024,
        idle_timeout: float = 60.0,
        outbox: Outbox | None = None,
    ) -> None:
        self.name = name
        self.host = host
        default = port == (443 if tls else 80)
        self.authority = (f"[{host}]" if ":" in host else host).encode("ascii") + (b"" if default else b":%d" % port)
        self.port = port
        self.addresses: tuple[str, ...] = (host,) if is_address(host) else ()
        self.circuit = circuit_that_never_opens()
        self.weight = weight
        self.outbox = outbox or Outbox()
        self.active = 0
        self.connects = 0
        self._tls = tls
        self._connect_timeout = connect_timeout
        self._max_connections = max_connections
        self._idle_timeout = idle_timeout
        self._idle: list[UpstreamConnection] = []
        self._now = 0.0
        self._has_moved = False
        self._is_closed = False
        self._waiting: deque[tuple[float, ConnectionWaiter]] = deque()
        self._opening: set[asyncio.Task[None]] = set()

    def acquire(self, waiter: ConnectionWaiter, now: float, *, fresh: bool = False) -> UpstreamConnection | None:
        """An idle connection at once, or None: then `waiter` is called later. `fresh`: never a reused one.

        `now` is the coarse monotonic time that `expire` compares with.
        """
        idle = self._idle
        while idle and not fresh:
            connection = idle.pop()  # the most recently used one: the least likely to have been closed by the peer
            if not connection.transport.is_closing():
                connection.was_reused = connection.is_active = True
                self.active += 1
                return connection
        if self.active + len(self._opening) < self._max_connections:
            self._open(waiter)
        elif len(self._waiting) < _MAX_WAITING:
            self._waiting.append((now + self._connect_timeout, waiter))
        else:
            raise TargetBusy(busy(self.name))
        return None

    def release(self, connection: UpstreamConnection) -> None:
        """A connection whose exchange ended cleanly: to the next that waits, or to the pool."""
        connection.is_active = False
        self.active -= 1
        if self._is_closed or connection.transport.is_closing():
            connection.transport.close()
            self._serve_waiting()
            return
        connection.idle_since = self._now
        self._idle.append(connection)
        if self._waiting:
            self._serve_waiting()

    def discard(self, connection: UpstreamConnection) -> None:
        """A connection that must not be used again, in use or idle. Idempotent."""
        if connection.is_active:
            connection.is_active = False
            self.active -= 1
        elif connection in self._idle:
            self._idle.remove(connection)
        if self._waiting:
            self._serve_waiting()

    def expire(self, now: float) -> None:
        """Close connections idle for too long, and refuse exchanges that waited too long. Called by the tick."""
        self._now = now
        if self._has_moved:
            self._leave_old_addresses()
        while self._idle and now - self._idle[0].idle_since > self._idle_timeout:
            self._idle.pop(0).transport.close()
        while self._waiting and (self._waiting[0][0] < now or self._waiting[0][1].is_over):
            _, waiter = self._waiting.popleft()
            if not waiter.is_over:
                waiter.on_failure(busy(self.name))

    def follow_addresses(self, addresses: tuple[str, ...]) -> None:
        """The name has other addresses now. Connections to those that it left are closed once they are idle."""
        self._has_moved = self._has_moved or not set(self.addresses) <= set(addresses)
        self.addresses = addresses

    def close(self) -> None:
        """Keep no idle connections any more. Exchanges that have begun finish; call `expire` until `is_unused`."""
        self._is_closed = True
        for connection in self._idle:
            connection.transport.close()
        self._idle.clear()

    @property
    def is_unused(self) -> bool:
        """Whether no exchange uses it or waits for it."""
        return not (self.active or self._opening or self._waiting)

    @property
    def idle_count(self) -> int:
        """Connections that wait for an exchange."""
        return len(self._idle)

    def _leave_old_addresses(self) -> None:
        for connection in [each for each in self._idle if each.address not in self.addresses]:
            self._idle.remove(connection)
            connection.transport.close()
        self._has_moved = bool(self.active or self._opening)  # those may be old ones, and will be idle later

    def _serve_waiting(self) -> None:
        while self._waiting:
            _, waiter = self._waiting[0]
            if waiter.is_over:
                self._waiting.popleft()
                continue
            if self._idle:
                self._waiting.popleft()
                self._hand_over(self._idle.pop(), waiter, reused=True)
            elif self.active + len(self._opening) < self._max_connections:
                self._waiting.popleft()
                self._open(waiter)
            else:
                return

    def _hand_over(self, connection: UpstreamConnection, waiter: ConnectionWaiter, *, reused: bool) -> None:
        connection.was_reused = reused
        connection.is_active = True
        self.active += 1
        waiter.on_connection(connection)

    def _open(self, waiter: ConnectionWaiter) -> None:
        task = asyncio.get_running_loop().create_task(self._connect(waiter))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _connect(self, waiter: ConnectionWaiter) -> None:
        self.connects += 1
        try:
            connection = await self._connected()
        except TimeoutError:
            failure = connect_timeout(self.name, self._connect_timeout)
            self.circuit.failed(failure.kind)
        except OSError as error:  # ssl.SSLError is one
            failure = refused(self.name, f"{type(error).__name__}: {error}")
            if not is_ours(error):
                self.circuit.failed(failure.kind)
        else:
            self._opening.discard(asyncio.current_task())
            if waiter.is_over:
                connection.is_active = True
                self.active += 1
                self.release(connection)
            else:
                self._hand_over(connection, waiter, reused=False)
            return
        if not waiter.is_over:
            waiter.on_failure(failure)

    async def _connected(self) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._connect_timeout):
            _, connection = await loop.create_connection(
                lambda: UpstreamConnection(self),
                self.addresses[0],  # a target without any is never chosen
                self.port,
                ssl=self._tls,
                server_hostname=self.host if self._tls else None,
            )
        return connection


class TargetBusy(Exception):
    """No connection is free and the queue is full."""

    def __init__(self, failure: UpstreamFailure) -> None:
        super().__init__(failure.log_detail)
        self.failure = failure


def is_address(host: str) -> bool:
    """Whether a host is an IP address already, and no name to be resolved."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
