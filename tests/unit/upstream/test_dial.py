"""Several addresses at once (RFC 8305)."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
import uvloop

from hotgate.upstream import dial
from hotgate.upstream.dial import first_connected, interleaved


@pytest.fixture
def black_hole() -> Iterator[tuple[str, int]]:
    """An address that does not answer: its queue is full, so the kernel drops what asks for a connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        yield server.getsockname()
        for filler in fillers:
            filler.close()


def peer_of(addresses: tuple[str, ...], port: int) -> str:
    async def connect() -> str:
        with await first_connected(addresses, port) as connected:
            return str(connected.getpeername()[0])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(connect())


def test_families_take_turns() -> None:
    assert interleaved(["::1", "::2", "::3", "10.0.0.1", "10.0.0.2"]) == ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]
    assert interleaved(["10.0.0.1", "::1"]) == ["10.0.0.1", "::1"]
    assert interleaved([]) == []


def test_an_address_that_says_nothing_is_not_waited_for(
    black_hole: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial, "_NEXT_AFTER", 0.01)
    port = black_hole[1]
    with socket.create_server(("127.0.0.2", port)):
        assert peer_of(("127.0.0.1", "127.0.0.2"), port) == "127.0.0.2"


def test_an_address_that_refuses_is_followed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "_NEXT_AFTER", 1000.0)
    with socket.create_server(("127.0.0.2", 0)) as server:
        assert peer_of(("127.0.0.3", "::1", "127.0.0.2"), server.getsockname()[1]) == "127.0.0.2"


def test_the_first_one_wins_while_it_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_server(("127.0.0.2", port)):
            assert peer_of(("127.0.0.1", "127.0.0.2"), port) == "127.0.0.1"


def test_nobody_answers() -> None:
    with pytest.raises(ConnectionRefusedError):
        peer_of(("127.0.0.1", "127.0.0.2"), 1)
    with pytest.raises(OSError, match="no address"):
        peer_of((), 1)


def test_a_caller_that_gives_up_leaves_nothing_behind(
    black_hole: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial, "_NEXT_AFTER", 0.0)

    async def give_up() -> set[asyncio.Task[object]]:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await first_connected(("127.0.0.1", "127.0.0.1"), black_hole[1])
        await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(give_up()) == set()
