"""Nobody needs a token to connect, so whoever connects is bounded."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from hotgate.control import admin_connection
from hotgate.control.admin_connection import MOST_BYTES, MOST_BYTES_OF_HEAD, MOST_CONNECTIONS, AdminConnection

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Wire(asyncio.Transport):
    """The other end sees `sent`, and whether it was cut off."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.is_aborted = self.is_closed = False
        self.connection: AdminConnection

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def is_closing(self) -> bool:
        return self.is_aborted or self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True
        self.connection.connection_lost(None)

    def pause_reading(self) -> None:
        """Nothing to pause."""

    def resume_reading(self) -> None:
        """Nothing to resume."""


class House:
    """What connects to one server. answer: is set when requests may be answered."""

    def __init__(self) -> None:
        self.answer = asyncio.Event()
        self.fields: list[tuple[bytes, bytes]] = []
        self._answered = asyncio.Semaphore(0)
        self._state = ServerState()
        self._config = uvicorn.Config(
            self._application, http=AdminConnection, ws="none", interface="asgi3", log_config=None, access_log=False
        )

    async def _application(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.fields = scope["headers"]
        await self.answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
        self._answered.release()

    async def answers(self, count: int = 1) -> None:
        """Wait until so many more requests were answered."""
        self.answer.set()
        for _ in range(count):
            await self._answered.acquire()

    def connect(self) -> Wire:
        wire = Wire()
        wire.connection = AdminConnection(self._config, self._state, {})
        wire.connection.connection_made(wire)
        return wire


def play(script: Callable[[House], Awaitable[None]]) -> None:
    async def run() -> None:
        await script(House())

    asyncio.run(run())


@contextmanager
def deadlines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], None]]]:
    """What is called when time is up and was not called off."""
    found: list[Callable[[], None]] = []

    class Handle:
        def __init__(self, called: Callable[[], None]) -> None:
            self.called = called
            found.append(called)

        def cancel(self) -> None:
            if self.called in found:
                found.remove(self.called)

        def when(self) -> float:
            return 0.0

    def call_later(_loop: object, seconds: float, called: Callable[[], None]) -> Handle:
        return Handle(called if seconds == admin_connection.SECONDS else lambda: None)

    with monkeypatch.context() as patched:
        patched.setattr(asyncio.BaseEventLoop, "call_later", call_later)
        yield found


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", REQUEST, REQUEST + b"GET"])
def test_a_slow_client_is_cut_off(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """Whether it says nothing, half a head, or does not read its answer."""

    async def script(house: House) -> None:
        with deadlines(monkeypatch) as due:
            wire = house.connect()
            wire.connection.data_received(sent)
            due[-1]()
        assert wire.is_aborted

    play(script)


def test_an_answer_gives_the_next_request_as_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(house: House) -> None:
        wire = house.connect()
        first = wire.connection._deadline
        assert first is not None
        wire.connection.data_received(REQUEST)
        await house.answers()
        assert wire.sent.endswith(b"ok")
        assert first.cancelled()
        assert wire.connection._deadline is not None
        wire.connection.connection_lost(None)
        assert wire.connection._deadline is None

    play(script)


def test_of_a_crowd_the_one_that_is_idle_longest_makes_room() -> None:
    async def script(house: House) -> None:
        busy = house.connect()
        busy.connection.data_received(REQUEST)
        idle = [house.connect() for _ in range(MOST_CONNECTIONS - 1)]
        assert not any(wire.is_aborted for wire in (busy, *idle))
        house.connect()
        assert [wire.is_aborted for wire in (busy, *idle)] == [False, True] + [False] * (MOST_CONNECTIONS - 2)
        await house.answers()
        assert busy.sent.endswith(b"ok")

    play(script)


def test_a_crowd_of_busy_ones_keeps_nobody_out() -> None:
    async def script(house: House) -> None:
        wires = [house.connect() for _ in range(MOST_CONNECTIONS)]
        for wire in wires:
            wire.connection.data_received(REQUEST)
        newcomer = house.connect()
        assert [wire.is_aborted for wire in (*wires, newcomer)].index(True) == 0
        assert not newcomer.is_aborted

    play(script)


@pytest.mark.parametrize(
    ("head", "piece", "most"),
    [
        (b"GET /", b"a" * 1000, MOST_BYTES_OF_HEAD),
        (b"GET / HTTP/1.1\r\n", b"a: " + b"b" * 1000 + b"\r\n", MOST_BYTES_OF_HEAD),
        (b"GET / HTTP/1.1\r\na: ", b"b" * 1000, MOST_BYTES_OF_HEAD),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 200, MOST_BYTES),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na: ", b"b" * 1000, MOST_BYTES),
    ],
)
def test_a_request_without_end_is_cut_off(head: bytes, piece: bytes, most: int) -> None:
    async def script(house: House) -> None:
        wire = house.connect()
        wire.connection.data_received(head)
        count = 0
        while not wire.is_closing():
            assert count * len(piece) <= most
            wire.connection.data_received(piece)
            count += 1
        house.answer.set()

    play(script)


def test_a_body_is_no_head(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(house: House) -> None:
        wire = house.connect()
        size = 1024 * 1024
        wire.connection.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        wire.connection.data_received(b"x" * size)
        wire.connection.data_received(REQUEST)
        await house.answers(2)
        assert not wire.is_aborted

    play(script)


def test_few_requests_wait_in_one_connection() -> None:
    async def script(house: House) -> None:
        wire = house.connect()
        wire.connection.data_received(REQUEST * 5000)
        assert b" 400 " in wire.sent
        assert wire.is_closed
        house.answer.set()

    play(script)


def test_a_trailer_is_no_field_of_the_head() -> None:
    async def script(house: House) -> None:
        wire = house.connect()
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        wire.connection.data_received(head + b"0\r\nAuthorization: Bearer x\r\n\r\n")
        await house.answers()
        assert [name for name, _ in house.fields] == [b"host", b"transfer-encoding"]

    play(script)
