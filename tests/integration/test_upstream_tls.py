"""PEM files next to the configuration: the control process reads them, workers verify backends with them."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conftest import Gateway
from wire.certificates import Authority

_CA = Authority()


class _Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        """Say nothing."""


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[str]:
    """The URL of a backend that wants to see a certificate."""
    own = _CA.issue("127.0.0.1")
    chain = tmp_path / "backend.pem"
    chain.write_text(own.pem + own.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=_CA.pem)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_files_reach_the_workers_and_changed_ones_too(gateway: Gateway, backend: str) -> None:
    own = _CA.issue("gateway.test")
    (gateway.folder / "tls").mkdir()
    for name, text in {"ca.pem": Authority("stranger").pem, "own.pem": own.pem, "own.key": own.key_pem}.items():
        (gateway.folder / "tls" / name).write_text(text)
    tls = "{ca: [tls/ca.pem], certificate: tls/own.pem, key: tls/own.key}"
    route = '  - {name: api, match: {path: "/api"}, public: true, upstream: api}\n'
    gateway.write(more=route + f'upstreams: {{api: {{targets: ["{backend}"], tls: {tls}}}}}\n', watch=True)
    gateway.start()
    assert gateway.get("/api")[0] == 502
    (gateway.folder / "tls" / "ca.pem").write_text(_CA.pem)
    gateway.until(lambda: gateway.get("/api") == (200, "ok"))
    assert "PRIVATE KEY" not in str(gateway.log)
