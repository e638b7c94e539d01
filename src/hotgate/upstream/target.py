"""One address of an upstream and its pool of connections."""

import asyncio
import ipaddress
import os
import ssl
from collections import deque
from typing import Protocol

from hotgate.upstream.answer_reader import AnswerLimits
from hotgate.upstream.circuit import circuit_that_never_opens
from hotgate.upstream.client_tls import UnknownKey
from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.dial import Dialer
from hotgate.upstream.failure import (
    UpstreamFailure,
    busy,
    connect_timeout,
    is_ours,
    refused,
    short_of,
    tls_failed,
)
from hotgate.upstream.lifetime import Lifetime
from hotgate.upstream.outbox import Outbox
from hotgate.upstream.proxy_header import ClientAddresses, proxy_header

_DEFAULT_LIFETIME = Lifetime()
_MAX_WAITING = 1024  # exchanges that may queue for a connection; each is bounded by the connect time-out as well


class ConnectionWaiter(Protocol):
    """An exchange that waits for a connection. is_over: its client has left. is_done: it has its whole answer."""

    is_over: bool
    is_done: bool

    @property
    def client_addresses(self) -> ClientAddresses:
        """For the PROXY protocol."""

    def on_connection(self, connection: UpstreamConnection) -> None: ...

    def on_failure(self, failure: UpstreamFailure) -> None: ...


class Target:
    """name: `http://host:port` as in the file. weight: its share now. active: exchanges on it now.

    addresses: of the host, numeric; none while a name is not resolved. circuit: is told what comes of requests.
    proxy_protocol: `v1`, `v2` or "".

    `acquire`, `release` and `discard` are the only mutators of the pool, and none of them waits.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        *,
        weight: int = 1,
        dialer: Dialer | None = None,
        proxy_protocol: str = "",
        connect_timeout: float = 2.0,
        max_connections: int = 1024,
        lifetime: Lifetime = _DEFAULT_LIFETIME,
        outbox: Outbox | None = None,
        answer_limits: AnswerLimits | None = None,
    ) -> None:
        self.name = name
        self.host = host
        self._dialer = dialer or Dialer(host, port)
        default = bool(self._dialer.path) or port == (443 if self._dialer.tls else 80)
        self.authority = (f"[{host}]" if ":" in host else host).encode("ascii") + (b"" if default else b":%d" % port)
        self.port = port
        needs_no_name = self._dialer.path or is_address(host)
        self.addresses: tuple[str, ...] = (host,) if needs_no_name else ()
        self.circuit = circuit_that_never_opens()
        self.weight = weight
        self.outbox = outbox or Outbox()
        self.answer_limits = answer_limits or AnswerLimits()
        self.active = 0
        self.connects = 0
        self._proxy_protocol = proxy_protocol
        self._connect_timeout = connect_timeout
        self._max_connections = max_connections
        self._lifetime = lifetime
        self._max_uses = 1 if proxy_protocol else lifetime.uses  # with a PROXY header it speaks of one client
        self._idle_timeout = lifetime.some_idle
        self._idle: list[UpstreamConnection] = []
        self._now = 0.0
        self._has_moved = False
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
        if self._max_uses:
            self._count_use(connection)
        if self._now >= connection.retires_at:
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
        self._max_uses = 1  # whatever exchange a connection serves now is its last
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

    def _count_use(self, connection: UpstreamConnection) -> None:
        connection.uses += 1
        if connection.uses >= self._max_uses:
            connection.retires_at = self._now

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
                kept = self._idle.pop()
                if not kept.transport.is_closing():
                    self._waiting.popleft()
                    self._hand_over(kept, waiter, reused=True)
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
            connection = await self._connected(waiter)
        except OSError as error:
            failure = self._failure(error)
        else:
            self._opening.discard(asyncio.current_task())
            self._take(connection, waiter)
            return
        if not waiter.is_over:
            waiter.on_failure(failure)

    def _failure(self, error: OSError) -> UpstreamFailure:
        """What an attempt to connect came to; all but a lack of our own descriptors is the target's fault."""
        if is_ours(error):
            return short_of(self.name, os.strerror(error.errno or 0))
        if isinstance(error, TimeoutError):
            failure = connect_timeout(self.name, self._connect_timeout)
        elif isinstance(error, (ssl.SSLError, UnknownKey)):
            failure = tls_failed(self.name, str(error))
        else:
            failure = refused(self.name, os.strerror(error.errno) if error.errno else type(error).__name__)
        self.circuit.failed(failure.kind)
        return failure

    def _take(self, connection: UpstreamConnection, waiter: ConnectionWaiter) -> None:
        """A new connection: to whom it was made for, or to the pool if that one has left."""
        connection.retires_at = self._lifetime.retires_at(self._now)
        if not waiter.is_over:
            self._hand_over(connection, waiter, reused=False)
            return
        connection.is_active = True
        self.active += 1
        self.release(connection)  # which counts as a use: one with a PROXY header for somebody else must not be kept

    async def _connected(self, waiter: ConnectionWaiter) -> UpstreamConnection:
        header = proxy_header(self._proxy_protocol, waiter.client_addresses) if self._proxy_protocol else b""
        # Not always the first address, or it would get every connection as long as it accepts any.
        turn = self.connects % max(1, len(self.addresses))
        addresses = self.addresses[turn:] + self.addresses[:turn]
        async with asyncio.timeout(self._connect_timeout):
            return await self._dialer.connect(addresses, lambda: UpstreamConnection(self), header)


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
