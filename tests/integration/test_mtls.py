"""Certificates of clients by real processes: authorities and lists that change on disk, and a responder to be asked."""

import ssl
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp

from certificate_authority import Authority, Issued, authority
from integration.conftest import Gateway
from integration.customer import Customer
from integration.key_server import KeyServer, Script, key_server_running, status
from integration.served import metric, reload, serving

_ROUTES = """\
identity: {devices: {mtls: {}}}
routes: [{name: hello, match: {path: "/hello"}, authenticate: [devices], respond: {body: hello}}]
"""
_LISTENER = (
    "tls: {certificate: server.pem, key: server.key, client_auth: required, "
    "client_ca: [a.pem, b.pem], crl: [a.crl, b.crl]}"
)


class Clients:
    """Two authorities, the files by which the gateway knows them, and one client of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.a, self.b = Authority("authority a"), Authority("authority b")
        self.of_a, self.of_b = self.a.issue_client("client-a"), self.b.issue_client("client-b")
        self.write("a.pem", self.a.pem.encode())
        self.write("b.pem", self.b.pem.encode())
        self.write("a.crl", self.a.crl())
        self.write("b.crl", self.b.crl())

    def write(self, name: str, content: bytes) -> None:
        """Replace a file at once."""
        new = self.folder / f"new-{name}"
        new.write_bytes(content)
        new.replace(self.folder / name)


def showing(issued: Issued | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority().pem)
    if issued is not None:
        with tempfile.TemporaryDirectory() as folder:
            issued.save(Path(folder), "client")
            context.load_cert_chain(f"{folder}/client.pem", f"{folder}/client.key")
    return context


@pytest.fixture
def clients(tmp_path: Path) -> Clients:
    authority().issue("localhost").save(tmp_path)
    return Clients(tmp_path)


@pytest.fixture
def gateway(tmp_path: Path, clients: Clients) -> Iterator[Gateway]:
    with serving(tmp_path, _ROUTES, workers=2, listener=_LISTENER) as running:
        yield running


def test_authorities_and_lists_change_under_open_connections(gateway: Gateway, clients: Clients) -> None:
    with (
        Customer(gateway.port, tls=showing(clients.of_a)) as of_a,
        Customer(gateway.port, tls=showing(clients.of_b)) as of_b,
    ):
        assert [of_a.ask("/hello").status, of_b.ask("/hello").status] == [200, 200]
        clients.write("b.crl", clients.b.crl(clients.of_b))
        reload(gateway)
        assert of_a.ask("/hello").status == 200
        assert of_b.ask("/hello").code == "certificate-revoked"
        clients.write("a.pem", Authority("authority c").pem.encode())
        reload(gateway)
        assert of_a.ask("/hello").code == "certificate-recheck"
    gateway.until(lambda: metric(gateway, "hotgate_client_certificate_checks_total", status="revoked") >= 1)
    assert gateway.status()["worker_restarts"] == 0


def test_a_list_is_watched(tmp_path: Path, clients: Clients) -> None:
    with (
        serving(tmp_path, _ROUTES, listener=_LISTENER, watch=True) as gateway,
        Customer(gateway.port, tls=showing(clients.of_a)) as customer,
    ):
        assert customer.ask("/hello").status == 200
        clients.write("a.crl", clients.a.crl(clients.of_a))
        gateway.wait_for_log("the configuration is in force")
        assert customer.ask("/hello").code == "certificate-revoked"


def _responding(clients: Clients, issued: Sequence[Issued], revoked: Issued) -> Script:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        asked = ocsp.load_der_ocsp_request(handler.rfile.read(int(handler.headers["content-length"])))
        (about,) = [each for each in issued if each.certificate.serial_number == asked.serial_number]
        nonce = asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        status(200, clients.a.ocsp(about, is_good=about is not revoked, nonce=nonce))(handler)

    return respond


def _told(gateway: Gateway, client: Issued) -> tuple[int, str]:
    with Customer(gateway.port, tls=showing(client)) as customer:
        answer = customer.ask("/hello")
        return answer.status, answer.code


@contextmanager
def _asking(folder: Path, server: KeyServer) -> Iterator[Gateway]:
    """With a responder that the operator names: no certificate may name one on this machine."""
    asks = f'client_auth: required, client_ca: a.pem, ocsp: true, ocsp_responder: "{server.url("/ocsp")}"'
    listener = f"tls: {{certificate: server.pem, key: server.key, {asks}}}"
    with serving(folder, _ROUTES, workers=2, listener=listener) as gateway:
        yield gateway


def test_the_control_process_asks_the_responder(tmp_path: Path, clients: Clients) -> None:
    good, revoked, late = (clients.a.issue_client(f"client-{n}") for n in range(3))
    with key_server_running() as server, _asking(tmp_path, server) as gateway:
        server.scripts["/ocsp"] = _responding(clients, [good, revoked, late], revoked)
        for _ in range(4):
            assert _told(gateway, good) == (200, "")
            assert _told(gateway, revoked) == (401, "certificate-revoked")
        assert server.asked["/ocsp"] == 2
        server.scripts["/ocsp"] = status(500)
        assert _told(gateway, late) == (503, "certificate-status-unknown")
