"""A client's certificate: as it was presented, and what it says about its owner.

Names in certificates are text that somebody wanted to be signed. What two programs could read differently is not
read at all: characters that cannot be seen (NUL above all), names that are empty or not printable ASCII where the
standard wants ASCII, a common name that is there twice, hundreds of names.
"""

import hashlib
import re
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.x509.oid import NameOID

from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.unreadable import UNREADABLE

MAX_BYTES = 64 * 1024
MAX_NAMES = 128
MALFORMED = "certificate-malformed"
_visible_ascii = re.compile(r"[!-~]+").fullmatch
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # control, format (bidirectional), surrogate, line ends


class PresentedCertificate:
    """What a connection has proved to own. chain: DER, the certificate first, its verified authority last; alone if
    a session was resumed, which remembers no more. accepted_by: the authorities (DER) by whose word it was accepted.
    forwarded: what a trusted proxy says of its own client (X-Forwarded-Client-Cert), or b"".
    """

    __slots__ = ("_facts", "_thumbprint", "accepted_by", "chain", "der", "forwarded")

    def __init__(
        self, chain: tuple[bytes, ...], forwarded: bytes = b"", accepted_by: frozenset[bytes] = frozenset()
    ) -> None:
        self.chain = chain
        self.accepted_by = accepted_by
        self.der = chain[0] if chain else b""
        self.forwarded = forwarded
        self._thumbprint = ""
        self._facts: CertificateFacts | None = None

    @property
    def thumbprint(self) -> str:
        """`x5t#S256`: base64url of the SHA-256 digest (RFC 8705 §3.1); "" without a certificate."""
        if not self._thumbprint and self.der:
            self._thumbprint = urlsafe_b64encode(hashlib.sha256(self.der).digest()).rstrip(b"=").decode("ascii")
        return self._thumbprint

    @property
    def facts(self) -> "CertificateFacts | None":
        """What it says; None without a certificate. Read once for a connection. Raises CredentialRefused."""
        if self._facts is None and self.der:
            self._facts = read_certificate(self.der)
        return self._facts


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """subject, issuer: distinguished names (RFC 4514). serial: hexadecimal. not_before, not_after: epoch seconds.

    names: by kind, in the order of the certificate: san_uri, san_dns (lower case), san_email, common_name, subject,
    fingerprint (SHA-256, hexadecimal).
    """

    subject: str
    issuer: str
    serial: str
    not_before: float
    not_after: float
    names: Mapping[str, tuple[str, ...]] = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole certificate, in hexadecimal."""
        return self.names["fingerprint"][0]


def read_certificate(der: bytes) -> CertificateFacts:
    """What a certificate says; whether it is to be believed was decided before. Raises CredentialRefused."""
    if len(der) > MAX_BYTES:
        raise CredentialRefused(MALFORMED, "the certificate is larger than 64 KiB")
    try:
        certificate = x509.load_der_x509_certificate(der)
        return _facts(certificate, der)
    except UNREADABLE as error:
        raise CredentialRefused(MALFORMED, f"the certificate cannot be read: {type(error).__name__}") from None


def _facts(certificate: x509.Certificate, der: bytes) -> CertificateFacts:
    subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    common = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    names = {
        **_alternatives(certificate),
        "common_name": tuple(common) if len(common) == 1 else (),
        "subject": (subject,) if subject else (),
        "fingerprint": (hashlib.sha256(der).hexdigest(),),
    }
    for text in (subject, issuer, *(name for each in names.values() for name in each)):
        if not text.isascii() or not text.isprintable():
            _check_visible(text)
    return CertificateFacts(
        subject,
        issuer,
        f"{certificate.serial_number:x}",
        certificate.not_valid_before_utc.timestamp(),
        certificate.not_valid_after_utc.timestamp(),
        names,
    )


def _check_visible(text: str) -> None:
    """Spaces of other alphabets pass; what turns the order of a text around, or is not there at all, does not."""
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        raise CredentialRefused(MALFORMED, "a name in the certificate has a character that cannot be seen")


def _alternatives(certificate: x509.Certificate) -> dict[str, tuple[str, ...]]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return {"san_uri": (), "san_dns": (), "san_email": ()}
    if len(list(found)) > MAX_NAMES:
        raise CredentialRefused(MALFORMED, f"the certificate has more than {MAX_NAMES} names")
    return {
        "san_uri": _ascii(found.get_values_for_type(x509.UniformResourceIdentifier)),
        "san_dns": tuple(name.lower() for name in _ascii(found.get_values_for_type(x509.DNSName))),
        "san_email": _ascii(found.get_values_for_type(x509.RFC822Name)),
    }


def _ascii(names: list[str]) -> tuple[str, ...]:
    """As RFC 5280 §4.2.1.6 wants them (IA5String): the Kelvin sign, say, is a `k` in lower case."""
    if not all(_visible_ascii(name) for name in names):
        raise CredentialRefused(MALFORMED, "an alternative name in the certificate is empty or not printable ASCII")
    return tuple(names)
