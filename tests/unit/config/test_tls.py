"""`tls:` of a listener: what may stand there, and that every mistake is found with its place."""

from typing import TYPE_CHECKING, Any

import pytest

from certificate_authority import DAY, Issued, authority, new_key, pem_of

if TYPE_CHECKING:
    from unit.config.conftest import Folder

FILE = """
listeners:
  - name: web
    bind: "127.0.0.1:0"
    {more}
routes: [{{name: all, match: {{path: "/*"}}, public: true, respond: {{body: hello}}}}]
"""
PAIR = "tls: {certificate: server.pem, key: server.key}"
GOOD = authority().issue("a.example")


def text(more: str) -> str:
    return FILE.format(more=more)


@pytest.fixture
def place(folder: "Folder") -> "Folder":
    """A folder with server.pem, server.key and ca.pem."""
    GOOD.save(folder.path)
    folder.write(authority().pem, "ca.pem")
    return folder


def test_files_are_read_and_sent_as_text(place: "Folder") -> None:
    loaded = place.load(text(PAIR))
    (listener,) = loaded.config.listeners
    assert listener.tls is not None
    (pair,) = listener.tls.pairs
    assert pair.certificate.reveal() + "\n" == GOOD.pem
    assert loaded.tree["listeners"][0]["tls"]["key"] + "\n" == GOOD.key_pem
    assert {place.path / "server.pem", place.path / "server.key"} <= set(loaded.files)
    assert loaded.warnings == ()


def test_the_text_itself_will_do(folder: "Folder") -> None:
    environment = {"CERTIFICATE": GOOD.pem, "KEY": GOOD.key_pem}
    loaded = folder.load(text('tls: {certificate: "${CERTIFICATE}", key: "${KEY}"}'), environment)
    assert loaded.tree["listeners"][0]["tls"]["key"] == GOOD.key_pem


def test_no_key_is_shown(place: "Folder") -> None:
    loaded = place.load(text(PAIR))
    shown = f"{loaded.config!r}{loaded.config}{loaded.config.model_dump()}{loaded.config.model_dump_json()}"
    assert GOOD.key_pem.splitlines()[1] not in shown


def test_one_of_several_is_named(place: "Folder") -> None:
    place.write("x", "staple.der")
    pair = "{certificate: server.pem, key: server.key}"
    staple = "{certificate: server.pem, key: server.key, ocsp_staple: staple.der}"
    (warning,) = place.load(text(f"tls: {{certificates: [{pair}, {staple}]}}")).warnings
    assert "listeners[0].tls.certificates[1].ocsp_staple: the response is not sent" in str(warning)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("tls: {certificate: server.pem}", "certificate and key come together"),
        ("tls: {key: server.key}", "certificate and key come together"),
        ("tls: {}", "needs certificate and key, or certificates, not both"),
        ("tls: {certificates: []}", "needs certificate and key, or certificates, not both"),
        (
            "tls: {certificate: server.pem, key: server.key, certificates: [{certificate: ca.pem, key: server.key}]}",
            "needs certificate and key, or certificates, not both",
        ),
        (
            "tls: {certificates: [{certificate: server.pem, key: server.key}], ocsp_staple: ca.pem}",
            "ocsp_staple stands beside the certificate that it is for",
        ),
        (
            "tls: {certificate: server.pem, key: server.key, client_auth: required}",
            "client_ca and a client_auth of optional or required come together",
        ),
        (
            "tls: {certificate: server.pem, key: server.key, client_ca: ca.pem}",
            "client_ca and a client_auth of optional or required come together",
        ),
        ("tls: {certificate: none.pem, key: server.key}", "the file cannot be used: No such file or directory"),
        (
            "tls: {certificate: server.pem, key: hotgate.yaml}",
            "the file is not PEM: it has no '-----BEGIN …-----'",
        ),
        ("tls: {certificate: server.pem, key: 7}", "PEM or a path must be text that is not empty; quote a number"),
        ("tls: {certificate: server.key, key: server.key}", "is not a certificate in PEM form"),
        ("tls: {certificate: server.pem, key: server.pem}", "is not a private key in PEM form"),
        (
            "tls: {certificate: server.pem, key: server.key, client_auth: optional, client_ca: server.key}",
            "is not a certificate in PEM form",
        ),
        ("tls: {certificate: server.pem, key: server.key, min_version: '1.1'}", "must be '1.2' or '1.3', in quotes"),
        ("redirect_https: 0", "write true, false or the port of the https listener"),
        ("redirect_https: https", "write true, false or the port of the https listener"),
        (PAIR + "\n    redirect_https: true", "redirect_https is for a listener without tls"),
    ],
)
def test_mistakes(place: "Folder", more: str, message: str) -> None:
    (error,) = place.errors(text(more))
    assert error.startswith("hotgate.yaml:")
    assert error.endswith(f": {message}")


def test_mistakes_have_their_place(place: "Folder") -> None:
    (error,) = place.errors(text("tls: {certificate: server.pem, key: ca.pem}"))
    assert error.startswith("hotgate.yaml:5:41: listeners[0].tls.key: ")


@pytest.mark.parametrize(
    ("issued", "message"),
    [
        (Issued(GOOD.certificate, new_key()), "key: it does not belong to the certificate"),
        (authority().issue(), "it names no host"),
        (authority().issue("a.example", key=new_key("small-rsa")), "its RSA key has 1024 bits"),
        (authority().issue("a.example", key=new_key("dsa")), "its key is neither RSA, ECDSA"),
        (authority().issue("a.example", shifted=5 * DAY), "it is not valid before 20"),
    ],
)
def test_certificates_that_cannot_work(folder: "Folder", issued: Issued, message: str) -> None:
    issued.save(folder.path)
    (error,) = folder.errors(text(PAIR))
    assert message in error


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_other_keys_work(folder: "Folder", kind: str) -> None:
    authority().issue("a.example", key=new_key(kind)).save(folder.path)
    assert folder.load(text(PAIR)).warnings == ()


def test_an_encrypted_key_says_what_to_do(place: "Folder") -> None:
    place.write(pem_of(GOOD.key, b"hunter2"), "server.key")
    (error,) = place.errors(text(PAIR))
    assert "key: it is encrypted; take the pass phrase off" in error


def test_an_expired_certificate_is_a_warning(folder: "Folder") -> None:
    authority().issue("a.example", shifted=-20 * DAY).save(folder.path)
    (warning,) = folder.load(text(PAIR)).warnings
    assert "tls.certificate: the certificate expired on 20" in str(warning)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (authority().ocsp(GOOD), ""),
        (authority().ocsp(GOOD, shifted=-20 * DAY), "it is expired"),
        (authority().ocsp(GOOD, is_good=False), "it says that the certificate is not good"),
        (authority().ocsp(authority().issue("a.example")), "it is for another certificate"),
        (b"\x30\x03\x0a\x01\x03", "the authority could not answer"),
        (b"0", "it is not an OCSP response in DER form"),
    ],
)
def test_what_is_wrong_with_a_staple_is_a_warning(place: "Folder", response: bytes, reason: str) -> None:
    (place.path / "staple.der").write_bytes(response)
    loaded = place.load(text("tls: {certificate: server.pem, key: server.key, ocsp_staple: staple.der}"))
    warnings = [str(warning) for warning in loaded.warnings]
    assert [warning.partition("the response is not sent: ")[2] for warning in warnings] == ([reason] if reason else [])
    assert place.path / "staple.der" in loaded.files


def test_workers_read_no_files(place: "Folder", model: Any) -> None:
    loaded = place.load(text(PAIR))
    for file in ("server.pem", "server.key"):
        (place.path / file).unlink()
    assert model.model_validate(loaded.tree).listeners == loaded.config.listeners
