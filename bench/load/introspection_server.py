"""An authorization server for the bench: every token is Alice's (RFC 7662 §2.2). `python -m … <port>`."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

AUDIENCE = "api"
PATH = "/introspect"
_LIFETIME = 24 * 3600  # seconds


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = {"active": True, "sub": "alice", "aud": AUDIENCE, "scope": "orders:read", "exp": time.time() + _LIFETIME}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
