"""Sends requests in many ways of cutting them up, all at once, and tells what came of each.

A client of each way has an address of its own, 127.0.x.y, by which the backend knows whose request it has got.
"""

import asyncio
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wire.message import Message
from wire.peer import Peer, turns
from wire.scenario import Wire, scenario

Pieces = Sequence[bytes]

AT_ONCE = 64  # clients; below what the backend lets wait for being accepted
_LONG = 2048  # bytes; what is longer is not cut at every point, but around its ends and here and there between
_EDGE = 300
_STEP = 97
_QUIET = 40  # turns of the event loop in which nothing happens
_status = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_code = re.compile(rb'"code":"([a-z-]+)"')
_OF_THE_GATEWAY = (b"host", b"via", b"x-request-id", b"traceparent", b"x-forwarded-", b"forwarded")


@dataclass(frozen=True)
class Outcome:
    """reached: the whole requests that a backend got, as (start line, fields, body, trailers).

    answers: what the client got, as (status, code of a problem). is_closed: the connection was ended.
    """

    reached: tuple[tuple[bytes, ...], ...]
    answers: tuple[tuple[int, str], ...]
    is_closed: bool


def ways_to_cut(data: bytes) -> Iterator[Pieces]:
    """Whole, byte by byte, and in two at every point."""
    yield (data,)
    yield [data[index : index + 1] for index in range(len(data))] if len(data) <= _LONG else _in_steps(data)
    for point in range(1, len(data)):
        if len(data) <= _LONG or point < _EDGE or point > len(data) - _EDGE or point % _STEP == 0:
            yield (data[:point], data[point:])


def _in_steps(data: bytes) -> Pieces:
    return [data[index : index + _STEP] for index in range(0, len(data), _STEP)]


def outcome_however_it_arrives(data: bytes, **settings: Any) -> Outcome:
    """What comes of it; an AssertionError if that depends on how it is cut. settings: of the scenario."""
    outcomes: list[Outcome] = []
    ways = list(ways_to_cut(data))

    @scenario(**settings)
    async def script(wire: Wire) -> None:
        outcomes.extend(await Observer(wire).outcomes(ways))

    script()
    for way, outcome in zip(ways, outcomes, strict=True):
        assert outcome == outcomes[0], way
    return outcomes[0]


class Observer:
    """A backend that is content with everything, and clients in great number."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._reached: dict[bytes, list[tuple[bytes, ...]]] = {}
        self._events = 0

    async def outcomes(self, ways: Sequence[Pieces]) -> list[Outcome]:
        """One for each way."""
        serving = asyncio.create_task(self._serve_all())
        outcomes = []
        for start in range(0, len(ways), AT_ONCE):
            outcomes += await self._together(ways[start : start + AT_ONCE])
        serving.cancel()
        await asyncio.wait([serving])
        return outcomes

    async def _together(self, ways: Sequence[Pieces]) -> list[Outcome]:
        self._reached.clear()
        addresses = [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(len(ways))]
        clients = [await connect_from(address, self._wire.gateway.port) for address in addresses]
        for index in range(max(map(len, ways))):
            for client, pieces in zip(clients, ways, strict=True):
                if index < len(pieces) and not client.has_ended:
                    client.send(pieces[index])
            await turns(3)
        await self._quiet(clients)
        outcomes = [self._outcome(address, client) for address, client in zip(addresses, clients, strict=True)]
        for client in clients:
            client.reset()
        await turns(20)
        return outcomes

    async def _quiet(self, clients: Sequence[Peer]) -> None:
        """Until nothing happens any more."""
        still, before = 0, (-1, -1)
        while still < _QUIET:
            now = (self._events, sum(len(client.received()) + client.has_ended for client in clients))
            still = still + 1 if now == before else 0
            before = now
            await asyncio.sleep(0)

    def _outcome(self, address: str, client: Peer) -> Outcome:
        got = client.received()
        codes = [match[1].decode() for match in _code.finditer(got)]
        statuses = [int(match[1]) for match in _status.finditer(got)]
        problems = iter(codes)
        answers = tuple((status, next(problems, "") if status >= 400 else "") for status in statuses)
        return Outcome(tuple(self._reached.get(address.encode(), ())), answers, client.has_ended)

    async def _serve_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._serve(await self._wire.backend.connection()))

    async def _serve(self, peer: Peer) -> None:
        while True:
            try:
                request = await peer.message()
            except (AssertionError, ConnectionError):
                peer.reset()  # given up in the middle, or idle for long: not a whole request
                return
            self._events += 1
            caller = request.get(b"x-forwarded-for") or b""
            self._reached.setdefault(caller, []).append(_canonical(request))
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def connect_from(address: str, port: int) -> Peer:
    """A client with this address."""
    connecting = socket.socket()
    connecting.setblocking(False)
    connecting.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connecting.bind((address, 0))
    await asyncio.get_running_loop().sock_connect(connecting, ("127.0.0.1", port))
    return Peer(*await asyncio.open_connection(sock=connecting))


def _canonical(request: Message) -> tuple[bytes, ...]:
    fields = [b"%b: %b" % field for field in request.fields if not field[0].startswith(_OF_THE_GATEWAY)]
    trailers = [b"%b: %b" % field for field in request.trailers]
    return (request.start, b"\n".join(fields), request.body, b"\n".join(trailers))
