"""Plays answers of a backend in many ways of cutting them up, and tells what their clients made of what they got.

The judge is h11: it reads what the gateway sent, and does not know how the gateway reads.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import h11

from conformance.requests_in_pieces import Pieces, connect_from
from wire.peer import Peer, turns
from wire.scenario import Wire

AT_ONCE = 64  # exchanges; below what the backend lets wait for being accepted


@dataclass(frozen=True)
class Answer:
    """status, body: of the final answer, if it came to its end and nothing was behind it. code: of a problem."""

    status: int
    body: bytes
    code: str = ""


CUT = Answer(0, b"")
"""The client knows that it did not get all of it; how much came before is chance."""


class Stage:
    """Clients that ask, and a backend that answers each in a way of its own and then closes."""

    def __init__(self, wire: Wire, method: str = "GET") -> None:
        self._wire = wire
        self._method = method

    async def answers(self, ways: Sequence[Pieces]) -> list[Answer]:
        """One for each way."""
        answers = []
        for start in range(0, len(ways), AT_ONCE):
            answers += await self._together(ways[start : start + AT_ONCE])
        return answers

    async def _together(self, ways: Sequence[Pieces]) -> list[Answer]:
        port = self._wire.gateway.port
        clients = [await connect_from(f"127.0.1.{1 + number}", port) for number in range(len(ways))]
        for client in clients:
            client.send(f"{self._method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        backends = await self._backends(len(ways))
        for index in range(max(map(len, ways))):
            for number, pieces in enumerate(ways):
                if index < len(pieces) and not backends[number].has_ended:
                    backends[number].send(pieces[index])
            await turns(3)
        for backend in backends:
            backend.close()
        answers = [await self._read(client) for client in clients]
        for client in clients:
            client.reset()
        return answers

    async def _backends(self, count: int) -> list[Peer]:
        """The connections on which the clients' requests came, in the order of the clients."""
        by_client: dict[int, Peer] = {}
        for _ in range(count):
            peer = await self._wire.backend.accept()
            caller = (await peer.message()).get(b"x-forwarded-for") or b""
            by_client[int(caller.rpartition(b".")[2])] = peer
        return [by_client[1 + number] for number in range(count)]

    async def _read(self, client: Peer) -> Answer:
        was_cut = False
        try:
            got = await client.rest()
        except ConnectionError:
            got, was_cut = client.received(), True
        return self._parsed(got, was_cut=was_cut)

    def _parsed(self, got: bytes, *, was_cut: bool) -> Answer:
        reader = h11.Connection(h11.CLIENT)
        reader.send(h11.Request(method=self._method, target="/", headers=[("Host", "a")]))
        reader.send(h11.EndOfMessage())
        reader.receive_data(got)
        if not was_cut:
            reader.receive_data(b"")
        status, body, is_whole = 0, b"", False
        try:
            while (event := reader.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
                if isinstance(event, h11.Response):
                    status = event.status_code
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    is_whole = True
                elif isinstance(event, h11.ConnectionClosed):
                    break
        except h11.RemoteProtocolError:
            is_whole = False
        if not is_whole or reader.trailing_data[0]:
            return CUT
        if body.startswith(b'{"type":"about:blank"'):
            return Answer(status, b"", json.loads(body)["code"])
        return Answer(status, body)
