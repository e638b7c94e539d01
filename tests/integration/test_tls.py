"""TLS by real processes: certificates that change under load, sessions that several workers share, other clients."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from certificate_authority import DAY, Issued, authority
from integration.conftest import DEADLINE, Gateway
from integration.customer import TIMEOUT, Customer
from integration.load import kept_alive
from integration.served import metric, reload, serving

_ROUTES = 'routes: [{name: hello, match: {path: "/hello"}, public: true, respond: {body: hello}}]'
_TLS = "tls: {certificate: server.pem, key: server.key, ocsp_staple: staple.der}"


def new_certificate(folder: Path) -> Issued:
    """Issue one and replace the files."""
    issued = authority().issue("localhost")
    (folder / "staple.der").write_bytes(authority().ocsp(issued))
    issued.save(folder)
    return issued


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("tls")
    new_certificate(folder)
    with serving(folder, _ROUTES, workers=2, listener=_TLS) as running:
        yield running


@pytest.fixture
def openssl() -> str:
    found = shutil.which("openssl")
    if found is None:
        if "CI" in os.environ:
            pytest.fail("openssl is not installed")
        pytest.skip("openssl is not installed")
    return found


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority().pem)
    return context


def connected(gateway: Gateway, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", gateway.port), timeout=TIMEOUT)
    return context.wrap_socket(plain, server_hostname="localhost", session=session)


def shown(gateway: Gateway) -> bytes | None:
    """The certificate that a new connection gets, DER."""
    with connected(gateway, trusting()) as client:
        return client.getpeercert(True)


def der(issued: Issued) -> bytes:
    return ssl.PEM_cert_to_DER_cert(issued.pem)


def s_client(openssl: str, gateway: Gateway, *options: str, sent: str = "") -> str:
    """What OpenSSL's own client says."""
    command = [openssl, "s_client", "-connect", f"127.0.0.1:{gateway.port}", "-servername", "localhost", *options]
    ran = subprocess.run(command, input=sent, capture_output=True, text=True, timeout=DEADLINE, check=False)
    return ran.stdout + ran.stderr


def test_certificates_are_replaced_under_load(gateway: Gateway) -> None:
    tls = trusting()
    with kept_alive(gateway.port, ["/hello"], clients=2, tls=tls) as clients:
        for _ in range(20):
            issued = new_certificate(gateway.folder)
            reload(gateway)
            assert {shown(gateway) for _ in range(4)} == {der(issued)}
            with Customer(gateway.port, tls=tls) as customer:
                assert customer.ask("/hello").status == 200
    for client in clients:
        assert client.failures == []
        assert set(client.statuses) == {200}
        assert client.statuses[200] > 2
    assert gateway.status()["worker_restarts"] == 0


def test_a_bad_certificate_changes_nothing(gateway: Gateway) -> None:
    issued = new_certificate(gateway.folder)
    reload(gateway)
    authority().issue("localhost").save(gateway.folder, "other")
    (gateway.folder / "other.key").replace(gateway.folder / "server.key")
    gateway.signal(signal.SIGHUP)
    record = gateway.wait_for_log("the configuration is not changed")
    assert "tls.key: it does not belong to the certificate" in record["message"]
    assert shown(gateway) == der(issued)
    issued.save(gateway.folder)
    reload(gateway)


def test_any_worker_resumes_a_session(gateway: Gateway) -> None:
    context = trusting()
    with connected(gateway, context) as first:
        first.sendall(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert first.recv(65536)
        session = first.session
    for _ in range(20):
        with connected(gateway, context, session) as client:
            assert client.session_reused
    gateway.until(lambda: metric(gateway, "hotgate_tls_handshakes_total", version="TLSv1.3", kind="resumed") >= 20)


def test_a_reload_ends_no_session(gateway: Gateway) -> None:
    context = trusting()
    with connected(gateway, context) as first:
        first.sendall(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert first.recv(65536)
        session = first.session
    new_certificate(gateway.folder)
    reload(gateway)
    for _ in range(4):
        with connected(gateway, context, session) as client:
            assert client.session_reused


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_staple_is_sent(gateway: Gateway, openssl: str, version: str) -> None:
    issued = new_certificate(gateway.folder)
    reload(gateway)
    seen = s_client(openssl, gateway, "-status", version)
    assert "OCSP Response Status: successful" in seen
    assert f"{issued.certificate.serial_number:X}" in seen
    (gateway.folder / "staple.der").write_bytes(authority().ocsp(issued, shifted=-20 * DAY))
    reload(gateway)
    assert "OCSP response: no response sent" in s_client(openssl, gateway, "-status", version)


def test_renegotiation_is_refused(gateway: Gateway, openssl: str) -> None:
    seen = s_client(openssl, gateway, "-tls1_2", sent="R\n")
    assert "RENEGOTIATING" in seen
    assert "no renegotiation" in seen
    assert shown(gateway) is not None


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(gateway: Gateway, openssl: str, version: str) -> None:
    seen = s_client(openssl, gateway, version, "-cipher", "ALL:@SECLEVEL=0")
    assert "alert protocol version" in seen
    gateway.until(lambda: metric(gateway, "hotgate_tls_handshake_failures_total", reason="version") >= 1)


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    first = new_certificate(tmp_path)
    with serving(tmp_path, _ROUTES, listener=_TLS, watch=True) as gateway:
        assert shown(gateway) == der(first)
        second = new_certificate(tmp_path)
        gateway.until(lambda: shown(gateway) == der(second))


def test_no_key_and_no_certificate_is_in_the_logs(gateway: Gateway) -> None:
    secret = (gateway.folder / "server.key").read_text().splitlines()[1]
    assert secret not in str(gateway.log)
    assert "BEGIN" not in str(gateway.log)
    for pid in gateway.worker_pids():
        assert secret.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
