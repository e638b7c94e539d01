"""An issuer's web server with a script: what it answers for a path can change at any moment."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[[BaseHTTPRequestHandler], None]


class KeyServer(ThreadingHTTPServer):
    """scripts: by path. asked: requests so far, by path. release: set when the server ends, for scripts that wait."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scripts: dict[str, Script] = {}
        self.asked: Counter[str] = Counter()
        self.release = threading.Event()

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A gateway that hangs up is no error here."""


class _Handler(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        """Do what the script says."""
        self.server.asked[self.path] += 1
        self.server.scripts.get(self.path, status(404))(self)

    def do_POST(self) -> None:
        """The same."""
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def body(content: bytes, **fields: str) -> Script:
    """200 with these bytes."""
    return status(200, content, **fields)


def keys(document: Mapping[str, Any]) -> Script:
    """200 with a JWKS document."""
    return body(json.dumps(document).encode())


def status(code: int, content: bytes = b"", **fields: str) -> Script:
    """An answer with this status."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def silence(release: threading.Event) -> Script:
    """No answer before the end of the test."""

    def wait(_handler: BaseHTTPRequestHandler) -> None:
        release.wait(60)

    return wait


@contextmanager
def key_server_running() -> Iterator[KeyServer]:
    """A server for the length of a block."""
    server = KeyServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
