"""A certificate authority for tests: certificates of any kind, good and bad, and what it says about them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return pem_of(self.key)

    @property
    def settings(self) -> dict[str, str]:
        """As `tls:` of a listener takes it."""
        return {"certificate": self.pem, "key": self.key_pem}

    def save(self, folder: Path, name: str = "server") -> None:
        """As `name.pem` and `name.key`, each replaced at once."""
        for suffix, text in (("pem", self.pem), ("key", self.key_pem)):
            new = folder / f"new-{name}.{suffix}"
            new.write_text(text)
            new.replace(folder / f"{name}.{suffix}")


def pem_of(key: Any, password: bytes = b"") -> str:
    """A private key as text."""
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return text.decode()


def new_key(kind: str = "ec") -> Any:
    """ec, rsa, small-rsa, ed25519 or dsa."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "dsa":
        return dsa.generate_private_key(2048)
    return rsa.generate_private_key(65537, 1024 if kind == "small-rsa" else 2048)


def digest_for(key: Any) -> Any:
    """With which a key signs; Ed25519 has one of its own."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


class Authority:
    """pem: its own certificate."""

    def __init__(
        self,
        name: str = "test authority",
        *,
        above: "Authority | None" = None,
        is_ca: bool = True,
        key: Any = None,
        path_length: int | None = None,
        extensions: Sequence[x509.ExtensionType] = (),
    ) -> None:
        """above: who has signed its certificate; itself if None. is_ca: whether that says that it may sign others.

        path_length: how many may stand between it and a certificate. extensions: more of them, critical.
        """
        self.key = self._key = key or new_key()
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        basic = x509.BasicConstraints(ca=is_ca, path_length=path_length)
        signer = above or self
        builder = signer._builder(self._name, self._key, timedelta(0)).add_extension(basic, critical=True)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        self.certificate = builder.sign(signer._key, digest_for(signer._key))
        self.pem = self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def own(self) -> Issued:
        """Its certificate with its key, as somebody would use it who is not meant to."""
        return Issued(self.certificate, self._key)

    def issue_client(
        self,
        *names: str,
        alternatives: Sequence[x509.GeneralName] = (),
        extensions: Sequence[x509.ExtensionType] = (),
        key: Any = None,
        shifted: timedelta = timedelta(0),
    ) -> Issued:
        """A client's certificate. names: common names, any number. It lives as long as others."""
        key = key or new_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
        builder = self._builder(subject, key, shifted)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return Issued(builder.sign(self._key, digest_for(self._key)), key)

    def weakly_signed(self, issued: Issued) -> Issued:
        """The same, signed by SHA-1, by an authority with an RSA key: nobody's library makes such any more."""
        sha256, sha1 = (bytes.fromhex("06092a864886f70d0101") + kind for kind in (b"\x0b", b"\x05"))
        signed = issued.certificate.tbs_certificate_bytes.replace(sha256, sha1)
        numbers = self._key.private_numbers()
        size = self._key.key_size // 8
        # EMSA-PKCS1-v1_5 (RFC 8017 §9.2).
        digest = bytes.fromhex("3021300906052b0e03021a05000414") + hashlib.sha1(signed, usedforsecurity=False).digest()
        padded = b"\0\1" + b"\xff" * (size - 3 - len(digest)) + b"\0" + digest
        signature = pow(int.from_bytes(padded), numbers.d, numbers.public_numbers.n).to_bytes(size)
        der = issued.certificate.public_bytes(Encoding.DER).replace(sha256, sha1)[:-size] + signature
        return Issued(x509.load_der_x509_certificate(der), issued.key)

    def issue_responder(self, *, is_authorised: bool = True, shifted: timedelta = timedelta(0)) -> Issued:
        """The certificate of an OCSP responder (RFC 6960 §4.2.2.2), or of somebody who poses as one."""
        key = new_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "responder")])
        usage = ExtendedKeyUsageOID.OCSP_SIGNING if is_authorised else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = self._builder(subject, key, shifted).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        return Issued(builder.sign(self._key, digest_for(self._key)), key)

    def crl(
        self,
        *revoked: Issued,
        shifted: timedelta = timedelta(0),
        signer: Any = None,
        extensions: Sequence[x509.ExtensionType] = (),
        is_critical: bool = True,
    ) -> bytes:
        """The list of its revoked certificates, DER; valid from yesterday to in ten days. signer: another key.

        is_critical: what the extensions are.
        """
        now = datetime.now(UTC) + shifted
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(now - DAY).next_update(now + 10 * DAY)
        for issued in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(issued.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(now - DAY).build())
        for extension in extensions:
            builder = builder.add_extension(extension, critical=is_critical)
        return builder.sign(signer or self._key, hashes.SHA256()).public_bytes(Encoding.DER)

    def issue(
        self,
        *names: str,
        key: Any = None,
        shifted: timedelta = timedelta(0),
        is_client: bool = False,
    ) -> Issued:
        """A certificate for host names, or a client's for one. It lives from yesterday to in ten days, or shifted."""
        key = key or new_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0] if names else "nobody")])
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if is_client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = self._builder(subject, key, shifted).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names and not is_client:
            alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        return Issued(builder.sign(self._key, digest_for(self._key)), key)

    def ocsp(
        self,
        issued: Issued,
        *,
        is_good: bool = True,
        shifted: timedelta = timedelta(0),
        responder: Issued | None = None,
        nonce: bytes = b"",
        has_end: bool = True,
        is_named: bool = False,
    ) -> bytes:
        """What it says about a certificate, DER. Valid as long as a certificate is, or without an end. responder:
        speaks in its name. is_named: who speaks is told by name, not by key.
        """
        now = datetime.now(UTC) + shifted
        builder = ocsp.OCSPResponseBuilder().add_response(
            issued.certificate,
            self.certificate,
            hashes.SHA1(),
            ocsp.OCSPCertStatus.GOOD if is_good else ocsp.OCSPCertStatus.REVOKED,
            now - DAY,
            now + 10 * DAY if has_end else None,
            None if is_good else now - DAY,
            None,
        )
        if nonce:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        if responder is not None:
            builder = builder.certificates([responder.certificate])
        speaker = responder or self.own
        encoding = ocsp.OCSPResponderEncoding.NAME if is_named else ocsp.OCSPResponderEncoding.HASH
        builder = builder.responder_id(encoding, speaker.certificate)
        return builder.sign(speaker.key, digest_for(speaker.key)).public_bytes(Encoding.DER)

    def _builder(self, subject: x509.Name, key: Any, shifted: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(UTC) + shifted
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + 10 * DAY)
        )


@cache
def authority() -> Authority:
    """The one that test clients trust."""
    return Authority()
