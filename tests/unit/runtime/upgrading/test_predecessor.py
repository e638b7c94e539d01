"""Both ends of the line between an old and a new control process."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from hotgate.runtime.upgrading.predecessor import VARIABLE, Bequest, Predecessor
from hotgate.runtime.upgrading.successor import Successor

Line = tuple[socket.socket, Predecessor]


@pytest.fixture
def line() -> Iterator[Line]:
    """(the old one's end, the new one)."""
    ours, theirs = socket.socketpair()
    lock = os.open(os.devnull, os.O_RDONLY)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        bequest = Bequest(theirs.detach(), lock, {"web": [os.dup(listening.fileno())]})
        environment = {VARIABLE: bequest.to_text(), "PATH": "/bin"}
        predecessor = Predecessor.of(environment)
        assert predecessor is not None
        assert environment == {"PATH": "/bin"}
        assert [(name, each.getsockname()) for name, each in predecessor.sockets] == [("web", listening.getsockname())]
    yield ours, predecessor
    ours.close()
    os.close(lock)
    predecessor.failed("")
    for _, each in predecessor.sockets:
        each.close()


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """Stands in for the new process: does nothing until it is ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as made:
        yield made
        assert made.returncode is not None


def heard(
    process: "subprocess.Popen[bytes]", ours: socket.socket, say: Callable[[], None], seconds: float = 10.0
) -> str:
    """What the old process makes of it."""

    async def run() -> str:
        successor = Successor(process, ours)
        say()
        outcome = await successor.outcome(seconds)
        await successor.end()
        return outcome

    return asyncio.run(run())


def test_a_new_process_that_is_ready_relieves_the_old_one(line: Line, process: "subprocess.Popen[bytes]") -> None:
    ours, predecessor = line

    async def run() -> None:
        successor = Successor(process, ours)
        relieving = asyncio.create_task(asyncio.to_thread(predecessor.relieve))
        assert await successor.outcome(10.0) == ""
        assert not relieving.done()
        ours.shutdown(socket.SHUT_RDWR)  # as the end of the process does
        await relieving
        await successor.end()

    asyncio.run(run())


def test_a_new_process_that_fails_says_why(line: Line, process: "subprocess.Popen[bytes]") -> None:
    ours, predecessor = line
    assert heard(process, ours, lambda: predecessor.failed("a bad file")) == "a bad file"


def test_a_new_process_that_dies_is_noticed(line: Line, process: "subprocess.Popen[bytes]") -> None:
    ours, _ = line
    assert heard(process, ours, lambda: ours.shutdown(socket.SHUT_RD)) == "the new process ended"


def test_a_new_process_that_hangs_is_not_waited_for(line: Line, process: "subprocess.Popen[bytes]") -> None:
    ours, _ = line
    assert "not ready after 0 s" in heard(process, ours, lambda: None, seconds=0.0)


def test_an_old_process_that_died_is_succeeded(line: Line) -> None:
    ours, predecessor = line
    ours.close()
    predecessor.relieve()
    predecessor.failed("nobody hears it")


def test_most_processes_have_none() -> None:
    assert Predecessor.of({}) is None
