"""TLS towards backends: whom to believe, and who we are. Made once per upstream, when a configuration is compiled."""

import hashlib
import hmac
import ssl
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

from hotgate.config.pem import load_chain

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class UnknownKey(OSError):
    """The backend's key is none of the pinned ones."""


@dataclass(frozen=True, slots=True)
class ClientTls:
    """context: verifies. server_name: instead of the target's host, if not empty. pins: base64 SHA-256 of keys."""

    context: ssl.SSLContext
    server_name: str = ""
    pins: tuple[str, ...] = ()

    def check_key(self, certificate: bytes) -> None:
        """Compare the backend's key (its DER certificate) with the pins. Raises UnknownKey."""
        if not self.pins:
            return
        key = load_der_x509_certificate(certificate).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        found = b64encode(hashlib.sha256(spki).digest()).decode("ascii")
        if not any(hmac.compare_digest(found, pin) for pin in self.pins):
            raise UnknownKey(f"its key is sha256/{found}, which is not pinned")


def client_context(
    *, ca: Sequence[str] = (), min_version: str = "1.2", certificate: str = "", key: str = "", verify: bool = True
) -> ssl.SSLContext:
    """A context for connections to backends. ca, certificate, key: PEM text. Raises ValueError."""
    context = ssl.create_default_context(cadata=_authorities(ca) if ca else None)
    context.minimum_version = _VERSIONS[min_version]
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        _present(context, certificate, key)
    return context


def _authorities(ca: Sequence[str]) -> str:
    readable = [text.encode("ascii", "ignore").decode() for text in ca]  # comments of bundles name people
    for number, text in enumerate(readable, 1):
        try:
            ssl.create_default_context(cadata=text)
        except ssl.SSLError as error:
            raise ValueError(f"number {number} of `ca` holds no certificate that can be read") from error
    return "\n".join(readable)


def _present(context: ssl.SSLContext, certificate: str, key: str) -> None:
    try:
        load_chain(context, certificate, key)
    except ssl.SSLError as error:
        raise ValueError("the certificate and its key cannot be read, or do not belong together") from error
