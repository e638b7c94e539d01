"""A backend that tells in its answer what it was asked, and that fails in the way its path says."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Backend(ThreadingHTTPServer):
    """asked: set when a request for /wait has arrived. release: lets it be answered. served: answers so far."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Handler)
        self.asked = threading.Event()
        self.release = threading.Event()
        self.served = 0
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """For `targets`."""
        return f"http://127.0.0.1:{self.port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that `stop` can end it."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget it."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A gateway that hangs up is no error here."""

    def stop(self) -> None:
        """End like a process that dies: listening socket and connections are closed."""
        self.release.set()
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            _close(connection)
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body in one write
    server: Backend

    def _answer(self) -> None:
        body = self._body()
        path = self.path.partition("?")[0]
        behaviour = {"/wait": self._wait, "/reset": self._reset, "/half": self._half, "/garbage": self._garbage}
        if path in behaviour:
            behaviour[path]()
            return
        told = {
            "method": self.command,
            "target": self.path,
            "fields": [[name.lower(), value] for name, value in self.headers.items()],
            "body": body.decode("latin-1"),
        }
        self._send(200, json.dumps(told).encode())

    do_GET = do_POST = _answer  # noqa: N815  (names that http.server wants)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, status: int, body: bytes) -> None:
        self.server.served += 1
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _wait(self) -> None:
        self.server.asked.set()
        self.server.release.wait(30)
        self._send(200, b"{}")

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def _half(self) -> None:
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")

    def _garbage(self) -> None:
        self.close_connection = True
        self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")


def _close(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@contextmanager
def backend_running() -> Iterator[Backend]:
    """A backend for the length of a block."""
    backend = Backend()
    try:
        yield backend
    finally:
        backend.stop()
