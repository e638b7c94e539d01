"""One client's connection through the real data plane, and what came out at both ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from wire.memory_connection import Endpoint
from wire.memory_wire import MemoryWire

END = b""
Backend = Callable[[bytes], Sequence[bytes]]
"""Given what arrived at one connection since the last call: the pieces to send back. END: close behind them."""


@dataclass(frozen=True, slots=True)
class Played:
    """to_backends: the bytes of each connection to a backend, in order. to_client: all that the client got.

    is_ended, was_reset: how the client's connection stood at the end.
    """

    to_backends: tuple[bytes, ...]
    to_client: bytes
    is_ended: bool
    was_reset: bool


@cache
def _wire() -> MemoryWire:
    """One for the whole run: a gateway is made slowly, and must bear one stranger after the other."""
    return MemoryWire(access_log={"enabled": False}, limits={"max_pipelined": 1000})


def play(pieces: Sequence[bytes], backend: Callable[[], Backend]) -> Played:
    """Send the pieces, one read each; every connection to a backend is played by a new `backend()`."""
    wire = _wire()
    client = wire.connect()
    ends: list[_End] = []
    try:
        for piece in pieces:
            client.send(piece)
            _settle(wire, ends, backend)
        return Played(
            tuple(bytes(end.connection.received) for end in ends),
            bytes(client.received),
            client.is_ended and not client.was_reset,
            client.was_reset,
        )
    finally:
        _hang_up([client, *wire.backends], wire)


def _hang_up(connections: Sequence[Endpoint], wire: MemoryWire) -> None:
    for connection in connections:
        connection.reset()
    wire.loop.settle()
    wire.backends.clear()
    if wire.loop.errors:
        errors, wire.loop.errors = wire.loop.errors, []
        raise AssertionError(errors)


class _End:
    """A connection to a backend, and how much of it the backend has seen."""

    def __init__(self, connection: Endpoint, answer: Backend) -> None:
        self.connection = connection
        self.answer = answer
        self.seen = 0


def _settle(wire: MemoryWire, ends: list[_End], backend: Callable[[], Backend]) -> None:
    """Go on until nobody has anything more to say."""
    wire.loop.settle()
    is_moving = True
    while is_moving:
        is_moving = False
        ends += [_End(connection, backend()) for connection in wire.backends[len(ends) :]]
        for end in ends:
            new = bytes(end.connection.received[end.seen :])
            if new:
                is_moving = True
                end.seen += len(new)
                for piece in end.answer(new):
                    end.connection.send(piece)
        wire.loop.settle()
