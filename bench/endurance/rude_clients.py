"""Clients that vanish: in the middle of a head, of a body, of an answer; politely, or with a reset."""

import asyncio
import socket
import struct

from bench.scenario import HOST, PATH

_BEGINNINGS = (
    f"GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\nX-Half: ".encode(),
    f"POST {PATH} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 20000\r\n\r\n".encode() + bytes(1000),
    f"GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
    f"GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode() * 20,
)


async def vanish(port: int, every: float) -> None:
    """Let one client vanish every so many seconds, until cancelled."""
    loop = asyncio.get_running_loop()
    number = 0
    while True:
        number += 1
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, _BEGINNINGS[number % len(_BEGINNINGS)])
            if number % 2:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await asyncio.sleep(every)
