"""The pool of one address; how exchanges use it is tested on the wire."""

import asyncio
import contextlib
import errno
from collections.abc import Callable, Coroutine

import pytest

from hotgate.upstream.circuit import Circuit, CircuitRules
from hotgate.upstream.connection import UpstreamConnection
from hotgate.upstream.dial import Dialer
from hotgate.upstream.failure import UpstreamFailure
from hotgate.upstream.lifetime import Lifetime
from hotgate.upstream.proxy_header import ClientAddresses
from hotgate.upstream.target import Target


class Waiter:
    """An exchange that waits for a connection."""

    def __init__(self) -> None:
        self.is_over = self.is_done = False
        self.client_addresses = ClientAddresses("192.0.2.1", 4000, "192.0.2.2", 80)
        self.connections: list[UpstreamConnection] = []
        self.failures: list[UpstreamFailure] = []
        self.called = asyncio.Event()

    def on_connection(self, connection: UpstreamConnection) -> None:
        self.connections.append(connection)
        self.called.set()

    def on_failure(self, failure: UpstreamFailure) -> None:
        self.failures.append(failure)
        self.called.set()


class Pool:
    """A target with a backend that accepts and says nothing."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.connections: list[UpstreamConnection] = []

    async def acquire(self) -> UpstreamConnection:
        waiter = Waiter()
        connection = self.target.acquire(waiter, 0.0)
        if connection is None:
            await waiter.called.wait()
            connection = waiter.connections[0]
        self.connections.append(connection)
        return connection


Script = Callable[[Pool], Coroutine[None, None, None]]


def play(script: Script, *, max_connections: int = 10, idle_timeout: float = 60.0) -> None:
    async def run() -> None:
        served: asyncio.Queue[None] = asyncio.Queue()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()
            served.put_nowait(None)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        pool = Pool(
            Target("http://b", "127.0.0.1", port, max_connections=max_connections, lifetime=Lifetime(idle_timeout))
        )
        await script(pool)
        for connection in pool.connections:
            connection.transport.abort()
        server.close()
        for _ in range(pool.target.connects):
            await served.get()
        await asyncio.sleep(0)

    asyncio.run(run())


def test_the_latest_one_is_used_first() -> None:
    async def script(pool: Pool) -> None:
        target = pool.target
        first, second = await pool.acquire(), await pool.acquire()
        assert (target.active, target.idle_count, first.was_reused) == (2, 0, False)
        target.release(first)
        target.release(second)
        assert (target.active, target.idle_count) == (0, 2)
        assert await pool.acquire() is second
        assert second.was_reused

    play(script)


def test_whoever_waits_gets_the_next_one_that_is_free() -> None:
    async def script(pool: Pool) -> None:
        only = await pool.acquire()
        left, waiting = Waiter(), Waiter()
        assert pool.target.acquire(left, 0.0) is None
        assert pool.target.acquire(waiting, 0.0) is None
        left.is_over = True
        pool.target.release(only)
        assert (left.connections, waiting.connections) == ([], [only])
        assert pool.target.active == 1

    play(script, max_connections=1)


def test_waiting_has_an_end() -> None:
    async def script(pool: Pool) -> None:
        await pool.acquire()
        waiter = Waiter()
        pool.target.acquire(waiter, 10.0)
        pool.target.expire(11.0)
        assert waiter.failures == []
        pool.target.expire(13.0)
        assert [failure.kind for failure in waiter.failures] == ["upstream-busy"]

    play(script, max_connections=1)


def test_idle_connections_are_closed_in_time() -> None:
    async def script(pool: Pool) -> None:
        connection = await pool.acquire()
        pool.target.expire(100.0)
        pool.target.release(connection)
        pool.target.expire(104.0)
        assert not connection.transport.is_closing()
        pool.target.expire(106.0)
        assert connection.transport.is_closing()
        assert pool.target.idle_count == 0

    play(script, idle_timeout=5.0)


def test_a_discarded_one_is_counted_once() -> None:
    async def script(pool: Pool) -> None:
        connection = await pool.acquire()
        pool.target.discard(connection)
        pool.target.discard(connection)
        assert (pool.target.active, pool.target.idle_count) == (0, 0)

    play(script)


def test_after_the_end_exchanges_finish_and_nothing_is_kept() -> None:
    async def script(pool: Pool) -> None:
        target = pool.target
        used, idle = await pool.acquire(), await pool.acquire()
        target.release(idle)
        target.close()
        assert idle.transport.is_closing()
        assert not used.transport.is_closing()
        assert not target.is_unused
        target.release(used)
        assert used.transport.is_closing()
        assert (target.idle_count, target.is_unused) == (0, True)

    play(script)


def test_a_connection_for_somebody_who_left_is_kept() -> None:
    async def script(pool: Pool) -> None:
        waiter = Waiter()
        pool.target.acquire(waiter, 0.0)
        waiter.is_over = True
        connection = await pool.acquire()
        assert waiter.connections == []
        pool.target.release(connection)
        assert (pool.target.active, pool.target.idle_count) == (0, 2)
        await pool.acquire()
        await pool.acquire()

    play(script)


@pytest.mark.parametrize(("number", "is_failure"), [(errno.ECONNREFUSED, True), (errno.EMFILE, False)])
def test_a_lack_of_our_own_is_no_failure_of_the_target(
    monkeypatch: pytest.MonkeyPatch, number: int, is_failure: bool
) -> None:
    async def script(pool: Pool) -> None:
        async def fails(waiter: Waiter) -> UpstreamConnection:
            raise OSError(number, "reason")

        monkeypatch.setattr(pool.target, "_connected", fails)
        told: list[str] = []
        rules = CircuitRules(consecutive_failures=1)
        pool.target.circuit = Circuit(rules, lambda: 0.0, lambda: True, lambda circuit, reason: told.append(reason))
        waiter = Waiter()
        pool.target.acquire(waiter, 0.0)
        await waiter.called.wait()
        pool.target.connects = 0  # none was made
        expected = "upstream-connect-failed" if is_failure else "gateway-overloaded"
        assert [failure.kind for failure in waiter.failures] == [expected]
        assert bool(told) is is_failure

    play(script)


def test_every_address_of_a_name_gets_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    async def connect(self: Dialer, addresses: tuple[str, ...], *_: object) -> None:
        asked.append(addresses)
        raise OSError("nobody is there")

    async def run() -> None:
        monkeypatch.setattr(Dialer, "connect", connect)
        target = Target("http://b.test", "b.test", 80)
        target.follow_addresses(("10.0.0.1", "10.0.0.2", "10.0.0.3"))
        for _ in range(3):
            waiter = Waiter()
            target.acquire(waiter, 0.0)
            await waiter.called.wait()

    asyncio.run(run())
    assert sorted(addresses[0] for addresses in asked) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert {tuple(sorted(addresses)) for addresses in asked} == {("10.0.0.1", "10.0.0.2", "10.0.0.3")}
