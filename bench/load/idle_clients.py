"""Many keep-alive connections that each had one request answered and then stay silent."""

import socket
from types import TracebackType

from bench.load.bulk import content_length, read_head
from bench.load.wrk import BadRunError
from bench.scenario import HOST, PATH

_PER_ADDRESS = 5000  # connections from one loopback address, well below its number of ephemeral ports
_REQUEST = f"GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


class IdleClients:
    """Opens `count` connections to 127.0.0.1:`port` on entry, one request on each, and closes them on exit."""

    def __init__(self, port: int, count: int) -> None:
        self._port = port
        self._count = count
        self._connections: list[socket.socket] = []

    def __enter__(self) -> "IdleClients":
        for index in range(self._count):
            self._connections.append(self._opened(f"127.0.0.{2 + index // _PER_ADDRESS}"))
        return self

    def _opened(self, source: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=10, source_address=(source, 0))
        connection.sendall(_REQUEST)
        answer = read_head(connection)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise BadRunError(f"connection {len(self._connections)} was not answered with 200")
        body_left = content_length(answer) - len(answer.partition(b"\r\n\r\n")[2])
        if body_left > 0:
            connection.recv(body_left, socket.MSG_WAITALL)  # nothing unread may hide a later close
        return connection

    def open_now(self) -> int:
        """How many the server has not closed: figures per connection are honest only if it is all of them."""
        return sum(_is_open(connection) for connection in self._connections)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._connections:
            connection.close()


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
