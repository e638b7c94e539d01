"""A server that gives the same bytes to everybody, whatever is asked."""

import socket
import threading
from types import TracebackType


class Served:
    """A context manager. bytes: what the next connection gets, before it is closed."""

    def __init__(self) -> None:
        self.bytes = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return  # closed
            with connection:
                received = b""
                while b"\r\n\r\n" not in received and (more := connection.recv(4096)):
                    received += more
                connection.sendall(self.bytes)

    def __enter__(self) -> "Served":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
