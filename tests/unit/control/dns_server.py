"""A small DNS server on a loopback port, which answers as the test says."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Answer = Callable[[dns.message.QueryMessage], bytes | list[bytes]]


class DnsServer(asyncio.DatagramProtocol):
    """records: name → (TTL, addresses); a name that is not there does not exist. answer: instead of them, if set.

    questions: "name TYPE", in order. truncates: say over UDP that the answer is too long, and give it over TCP.
    """

    def __init__(self) -> None:
        self.records: dict[str, tuple[int, list[str]]] = {}
        self.answer: Answer | None = None
        self.questions: list[str] = []
        self.truncates = False
        self.port = 0
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for reply in self._replies(data):
            self._transport.sendto(reply, addr)

    async def serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The same over TCP."""
        size = int.from_bytes(await reader.readexactly(2), "big")
        reply = self.found(_question(await reader.readexactly(size)))
        writer.write(len(reply).to_bytes(2, "big") + reply)
        writer.close()

    def found(self, question: dns.message.QueryMessage) -> bytes:
        """What the records say."""
        name, kind = question.question[0].name.to_text(omit_final_dot=True), question.question[0].rdtype
        response = dns.message.make_response(question)
        if name not in self.records:
            response.set_rcode(dns.rcode.NXDOMAIN)
            return response.to_wire()
        ttl, addresses = self.records[name]
        family = [address for address in addresses if (":" in address) == (kind == dns.rdatatype.AAAA)]
        if family:
            response.answer.append(dns.rrset.from_text_list(question.question[0].name, ttl, "IN", kind, family))
        return response.to_wire(max_size=65535)

    def _replies(self, data: bytes) -> list[bytes]:
        question = _question(data)
        asked = question.question[0]
        self.questions.append(f"{asked.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(asked.rdtype)}")
        if self.truncates:
            response = dns.message.make_response(question)
            response.flags |= dns.flags.TC
            return [response.to_wire()]
        answer = self.answer(question) if self.answer else self.found(question)
        return answer if isinstance(answer, list) else [answer]


def _question(data: bytes) -> dns.message.QueryMessage:
    message = dns.message.from_wire(data)
    assert isinstance(message, dns.message.QueryMessage)
    return message


@asynccontextmanager
async def dns_server() -> AsyncIterator[DnsServer]:
    """A server for the length of a block."""
    stream_socket, datagram_socket = _sockets_with_one_port()
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(DnsServer, sock=datagram_socket)
    stream = await asyncio.start_server(server.serve_stream, sock=stream_socket)
    try:
        yield server
    finally:
        transport.close()
        stream.close()
        await asyncio.sleep(0)


def _sockets_with_one_port() -> tuple[socket.socket, socket.socket]:
    """For TCP and UDP. A port that is free for one may be taken for the other; then the next one is looked at."""
    while True:
        stream = socket.create_server(("127.0.0.1", 0))
        datagram = socket.socket(type=socket.SOCK_DGRAM)
        try:
            datagram.bind(stream.getsockname())
        except OSError:
            stream.close()
            datagram.close()
        else:
            return stream, datagram
