from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from certificate_authority import DAY, Authority, Issued, authority, new_key
from hotgate.config.errors import ConfigurationErrors
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.mtls import MtlsAuthenticator, MtlsSettings, compile_mtls
from hotgate.runtime.compiling.load import load_configuration
from hotgate.testing.exchange import make_exchange

_CA = Authority("authority of clients")
_OLD_CA = _CA.issue_client("old", extensions=[x509.BasicConstraints(ca=True, path_length=None)], shifted=-20 * DAY)
_CLIENT = _CA.issue_client("device-17", alternatives=[x509.RFC822Name("ops@example.com"), x509.DNSName("H1.example")])


class Clock:
    """now: epoch seconds."""

    def __init__(self) -> None:
        self.now = _CLIENT.certificate.not_valid_before_utc.timestamp() + 1

    def __call__(self) -> float:
        return self.now


def compiled(clock: Clock | None = None, **settings: Any) -> MtlsAuthenticator:
    return compile_mtls("devices", MtlsSettings.model_validate(settings), {"wall_clock": clock or Clock()})


def showing(issued: Issued) -> Exchange:
    return make_exchange(certificate=issued.certificate.public_bytes(Encoding.DER))


def test_the_principal_says_everything_that_the_certificate_says() -> None:
    principal = compiled().authenticate(showing(_CLIENT))
    assert isinstance(principal, Principal)
    assert (principal.subject, principal.mechanism, principal.provider) == ("device-17", "mtls", "devices")
    assert principal.credential == principal.claims["fingerprint"]
    assert principal.claims["subject_dn"] == "CN=device-17"
    assert principal.claims["issuer_dn"] == "CN=authority of clients"
    assert principal.claims["serial"] == f"{_CLIENT.certificate.serial_number:x}"
    assert principal.claims["san_email"] == ["ops@example.com"]
    assert principal.claims["san_dns"] == ["h1.example"]
    assert principal.claims["not_after"] == _CLIENT.certificate.not_valid_after_utc.timestamp()
    assert principal.claims["verified_by_proxy"] is False


@pytest.mark.parametrize("kind", ["san_uri", "san_dns"])
def test_a_name_that_is_missing_or_there_twice_makes_nobody(kind: str) -> None:
    twice = _CA.issue_client("a", alternatives=[x509.DNSName("a.example"), x509.DNSName("b.example")])
    answer = compiled(subject=kind).authenticate(showing(twice))
    assert isinstance(answer, Response)
    assert (answer.status, answer.code) == (401, "certificate-unknown")


@pytest.mark.parametrize("der", [b"nonsense", bytes(64 * 1024 + 1)])
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    answer = compiled().authenticate(make_exchange(certificate=der))
    assert isinstance(answer, Response)
    assert (answer.status, answer.code) == (401, "certificate-malformed")


def test_a_known_certificate_is_not_read_again() -> None:
    devices = compiled()
    assert devices.authenticate(showing(_CLIENT)) is devices.authenticate(showing(_CLIENT))


def test_a_certificate_that_expires_meanwhile_is_refused() -> None:
    clock = Clock()
    devices = compiled(clock)
    assert isinstance(devices.authenticate(showing(_CLIENT)), Principal)
    clock.now = _CLIENT.certificate.not_valid_after_utc.timestamp()
    refusal = devices.authenticate(showing(_CLIENT))
    assert isinstance(refusal, Response)
    assert (refusal.status, refusal.code) == (401, "certificate-expired")


def test_without_certificate_others_are_asked() -> None:
    assert compiled().authenticate(make_exchange()) is None


@pytest.mark.parametrize(
    ("match", "consumer", "subject"),
    [
        ({"common_name": "device-*"}, "d{1}", "d17"),
        ({"san_email": "*@example.com"}, "{1}", "ops"),
        ({"san_dns": "*.EXAMPLE"}, "{1}", "h1"),
        ({"san_email": "*@example.com", "common_name": "device-*"}, "{1}/{2}", "ops/17"),
        ({"subject": "CN=device-17"}, "it", "it"),
        ({"common_name": "device-17", "issuer": "CN=authority of clients"}, "it", "it"),
        ({"common_name": "device-17", "issuer": "CN=other"}, "it", None),
        ({"common_name": "device-17*"}, "it", None),
        ({"common_name": "device.17"}, "it", None),
        ({"common_name": "*-*"}, "{1}/{2}", "device/17"),
        ({"common_name": "*e*7"}, "{1}/{2}", "d/vice-1"),
        ({"common_name": "*i*7"}, "{1}/{2}", "dev/ce-1"),
        ({"common_name": "*e-*"}, "{1}/{2}", None),
        ({"common_name": "*-17"}, "{1}", "device"),
        ({"common_name": "*]*"}, "it", None),
        ({"san_email": "*@example.com", "common_name": "other"}, "it", None),
        ({"san_uri": "*"}, "it", None),
    ],
)
def test_rules(match: dict[str, str], consumer: str, subject: str | None) -> None:
    found = compiled(rules=[{"match": match, "consumer": consumer}]).authenticate(showing(_CLIENT))
    assert (found.subject if isinstance(found, Principal) else None) == subject


def test_no_value_can_pass_for_the_end_of_its_part() -> None:
    """RFC 4514 writes `CN=admin\\,O=corp`: one common name, which must not be read as two parts."""
    rules = [{"match": {"subject": "CN=*,O=corp"}, "consumer": "{1}"}]
    found = compiled(rules=rules).authenticate(showing(_CA.issue_client("admin,O=corp")))
    assert isinstance(found, Response)


def test_the_first_rule_that_fits_decides() -> None:
    rules = [
        {"match": {"common_name": "other"}, "consumer": "a"},
        {"match": {"common_name": "device-17"}, "consumer": "b", "groups": ["devices"]},
        {"match": {"common_name": "device-*"}, "consumer": "c"},
    ]
    found = compiled(rules=rules).authenticate(showing(_CLIENT))
    assert isinstance(found, Principal)
    assert (found.subject, found.groups) == ("b", frozenset({"devices"}))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"rules": [{"match": {}, "consumer": "a"}]}, "at least one name"),
        ({"rules": [{"match": {"issuer": "CN=a"}, "consumer": "a"}]}, "at least one name"),
        ({"rules": [{"match": {"common_name": "a**"}, "consumer": "a"}]}, "between two stars"),
        ({"rules": [{"match": {"common_name": "a-*"}, "consumer": "{2}"}]}, "more places"),
        ({"rules": [{"match": {"fingerprint": "8F:3C"}, "consumer": "a"}]}, "without colons"),
        ({"rules": []}, "`rules` is empty"),
        ({"rules": [{"match": {"common_name": "a"}, "consumer": "a"}], "subject": "common_name"}, "remove one"),
        ({"subject": "name"}, "san_uri"),
        ({"from": "header"}, "xfcc"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        MtlsSettings.model_validate(settings)


_FILE = """
listeners: [{{name: web, bind: "127.0.0.1:0"{listener}}}]
identity: {{devices: {{mtls: {{{mtls}}}}}}}
routes: [{{name: all, match: {{path: "/*"}}, authenticate: [devices], respond: {{body: hello}}}}]
"""
_TLS = ", tls: {certificate: server.pem, key: server.key, client_auth: optional, client_ca: ca.pem"


@pytest.mark.parametrize(
    ("listener", "mtls", "warning"),
    [
        (_TLS + "}", "", ""),
        ("", "", "no listener asks for certificates"),
        (_TLS + "}", "from: xfcc", "no proxy is believed"),
        (', trusted_proxies: ["127.0.0.1/32"]', "from: xfcc", ""),
        (_TLS + ", crl: [new.crl], revocation_unknown: accept}", "", "a revoked certificate is accepted"),
        (_TLS + ", crl: [old.crl]}", "", "past its next update"),
        (_TLS + ", crl: [forged.crl]}", "", "no authority of `client_ca` has signed the list"),
        (_TLS.replace("ca.pem", "[ca.pem, old-ca.pem]") + "}", "", "client_ca[1]: the certificate expired on"),
    ],
)
def test_doubtful_configurations_are_a_warning(tmp_path: Path, listener: str, mtls: str, warning: str) -> None:
    warnings = load_configuration(_written(tmp_path, listener, mtls)).warnings
    assert [warning in str(each) for each in warnings] == ([True] if warning else [])


@pytest.mark.parametrize(
    ("listener", "error"),
    [
        (_TLS + ", crl: [ca.pem]}", "crl[0]: is not a certificate revocation list"),
        (_TLS.replace("ca.pem", "[ca.pem, server.key]") + "}", "client_ca[1]: is not a certificate in PEM form"),
        (_TLS + ", clients: [{names: [a.b], client_auth: optional, client_ca: server.key}]}", "clients[0].client_ca"),
        (_TLS.replace("ca.pem", "client.pem") + "}", "client_ca: has a certificate that is no authority's"),
        (_TLS.replace("ca.pem", "[ca.pem, client.pem]") + "}", "client_ca[1]: has a certificate that is no"),
    ],
)
def test_files_that_are_something_else_are_an_error(tmp_path: Path, listener: str, error: str) -> None:
    with pytest.raises(ConfigurationErrors) as raised:
        load_configuration(_written(tmp_path, listener, ""))
    assert error in str(raised.value)


def _written(folder: Path, listener: str, mtls: str) -> Path:
    authority().issue("localhost").save(folder)
    (folder / "ca.pem").write_text(_CA.pem)
    (folder / "client.pem").write_text(_CLIENT.pem)
    (folder / "old-ca.pem").write_text(_OLD_CA.pem)
    (folder / "forged.crl").write_bytes(_CA.crl(signer=new_key()))
    (folder / "new.crl").write_bytes(_CA.crl())
    (folder / "old.crl").write_bytes(_CA.crl(shifted=-20 * DAY))
    file = folder / "hotgate.yaml"
    file.write_text(_FILE.format(listener=listener, mtls=mtls))
    return file
