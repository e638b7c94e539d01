"""The backend of large bodies: `GET /bytes/<n>` answers with n bytes, `POST` reads its body to the end and says 200.

Run as `python -m bench.load.bulk_backend PORT`. One thread per connection; no byte is kept.
"""

import socketserver
import sys

from bench.load.bulk import CHUNK, content_length, read_head

_CHUNK = bytes(CHUNK)


class BulkHandler(socketserver.BaseRequestHandler):
    """Answers requests on one connection until the peer closes it."""

    def handle(self) -> None:
        while head := read_head(self.request):
            if head.startswith(b"POST "):
                self._swallow(content_length(head) - len(head.partition(b"\r\n\r\n")[2]))
            else:
                self._emit(int(head.split(b" ", 2)[1].rpartition(b"/")[2]))

    def _swallow(self, remaining: int) -> None:
        buffer = bytearray(CHUNK)
        while remaining > 0:
            count = self.request.recv_into(buffer, min(CHUNK, remaining))
            if count == 0:
                return
            remaining -= count
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def _emit(self, remaining: int) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
        self.request.sendall(head % remaining)
        while remaining > 0:
            self.request.sendall(memoryview(_CHUNK)[: min(CHUNK, remaining)])
            remaining -= CHUNK


class BulkServer(socketserver.ThreadingTCPServer):
    """Listens on loopback only."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with BulkServer(("127.0.0.1", int(sys.argv[1])), BulkHandler) as server:
        server.serve_forever()
