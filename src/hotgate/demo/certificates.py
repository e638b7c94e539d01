"""The certificates of the demo: an authority that exists for one run, the gateway's certificate, and a device's."""

import datetime as dt
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DEVICE = "device-17"
_LIFETIME = dt.timedelta(days=1)
_CLOCKS_DIFFER = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def write_certificates(folder: Path) -> None:
    """`ca.pem`, and `server` and `device`, each as `.pem` and `.key`. The authority's own key is forgotten.

    Raises OSError; FileExistsError rather than overwrite a file.
    """
    authority = _new_authority()
    _write(folder / "ca.pem", authority.certificate.public_bytes(Encoding.PEM))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    _issue(authority, folder / "server", "localhost", ExtendedKeyUsageOID.SERVER_AUTH, names)
    uri = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"spiffe://example.com/{DEVICE}")])
    _issue(authority, folder / "device", DEVICE, ExtendedKeyUsageOID.CLIENT_AUTH, uri)


def _new_authority() -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder("Hotgate demo", key.public_key()).issuer_name(_name("Hotgate demo"))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return _Authority(builder.sign(key, SHA256()), key)


def _issue(
    authority: _Authority, path: Path, name: str, usage: x509.ObjectIdentifier, names: x509.SubjectAlternativeName
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, key.public_key()).issuer_name(authority.certificate.subject)
    builder = builder.add_extension(names, critical=False).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    certificate = builder.sign(authority.key, SHA256())
    _write(path.with_suffix(".pem"), certificate.public_bytes(Encoding.PEM))
    _write(path.with_suffix(".key"), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _builder(name: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(_name(name)).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _CLOCKS_DIFFER).not_valid_after(now + _LIFETIME)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        path.chmod(0o600)
        file.write(content)
