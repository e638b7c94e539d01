"""One large body over one connection, as fast as it goes."""

import re
import socket
import time

from bench.load.wrk import BadRunError
from bench.scenario import HOST

CHUNK = 1 << 20  # bytes per read or write: large enough that the loop in Python does not count
_TIMEOUT = 30.0
_LENGTH = re.compile(rb"^content-length: *(\d+)\r$", re.IGNORECASE | re.MULTILINE)


def download(port: int, size: int) -> float:
    """Seconds to fetch `size` bytes through 127.0.0.1:`port`. Raises BadRunError."""
    started = time.perf_counter()
    with _connected(port) as connection:
        connection.sendall(f"GET /bytes/{size} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        head = _accepted(read_head(connection))
        buffer = bytearray(CHUNK)
        remaining = size - len(head.partition(b"\r\n\r\n")[2])
        while remaining > 0:
            count = connection.recv_into(buffer, min(CHUNK, remaining))
            if count == 0:
                raise BadRunError(f"the body ended {remaining} bytes early")
            remaining -= count
    return time.perf_counter() - started


def upload(port: int, size: int) -> float:
    """Seconds until `size` bytes sent through 127.0.0.1:`port` are acknowledged. Raises BadRunError."""
    chunk = bytes(CHUNK)
    started = time.perf_counter()
    with _connected(port) as connection:
        connection.sendall(f"POST /sink HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {size}\r\n\r\n".encode())
        for sent in range(0, size, CHUNK):
            connection.sendall(memoryview(chunk)[: size - sent])
        _accepted(read_head(connection))
    return time.perf_counter() - started


def read_head(connection: socket.socket) -> bytes:
    """Bytes up to the end of a head, with whatever followed it; empty when the peer closed."""
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65536)
        if not received:
            return b""
        head += received
    return head


def content_length(head: bytes) -> int:
    """The declared size of the body, 0 when there is none."""
    match = _LENGTH.search(head)
    return int(match[1]) if match else 0


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT)


def _accepted(head: bytes) -> bytes:
    if not head.startswith(b"HTTP/1.1 200 "):
        raise BadRunError(f"not accepted: {head[:60]!r}")
    return head
