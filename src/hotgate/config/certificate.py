"""What a certificate and its key are, and whether they can be used: parsed by `cryptography`, for people to be told."""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_FEWEST_RSA_BITS = 2048  # CA/Browser Forum Baseline Requirements §6.1.5
_CURVES = ("secp256r1", "secp384r1", "secp521r1")  # RFC 8446 §4.2.3


def chain_of(pem: str) -> list[x509.Certificate]:
    """The certificates of a PEM text, the server's own first. Raises ValueError."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise ValueError("is not a certificate in PEM form") from None


def dns_names(certificate: x509.Certificate) -> list[str]:
    """The host names that it is for, in lower case; a common name is none (RFC 9525 §2)."""
    return [name.lower() for name in _alternatives(certificate, x509.DNSName)]


def certificate_error(certificate: x509.Certificate, now: datetime) -> str:
    """Why it cannot be used; "" if it can."""
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey):
        if key.key_size < _FEWEST_RSA_BITS:
            return f"its RSA key has {key.key_size} bits; clients want {_FEWEST_RSA_BITS} or more"
    elif not isinstance(key, Ed25519PublicKey) and not (
        isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES
    ):
        return "its key is neither RSA, ECDSA (P-256, P-384, P-521) nor Ed25519"
    if not dns_names(certificate) and not _alternatives(certificate, x509.IPAddress):
        return "it names no host: clients look at its subject alternative names only"
    if certificate.not_valid_before_utc > now:
        return f"it is not valid before {_day(certificate.not_valid_before_utc)}"
    return ""


def expiry_warning(certificate: x509.Certificate, now: datetime) -> str:
    """That it has expired; "" if it has not. Never an error: a gateway that does not start helps nobody."""
    if certificate.not_valid_after_utc < now:
        return f"the certificate expired on {_day(certificate.not_valid_after_utc)}"
    return ""


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may sign others (RFC 5280 §4.2.1.9). A root of version 1 cannot say so, and may."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.issuer == certificate.subject
    except (ValueError, x509.DuplicateExtension):
        return False


def key_error(pem: str, certificate: x509.Certificate) -> str:
    """Why the key cannot be used with the certificate; "" if it can. No message quotes the key."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError:
        return "it is encrypted; take the pass phrase off (openssl pkey -in old -out new) and protect the file instead"
    except (ValueError, UnsupportedAlgorithm):
        return "is not a private key in PEM form"
    return "" if key.public_key() == certificate.public_key() else "it does not belong to the certificate"


def _alternatives(certificate: x509.Certificate, kind: type[x509.GeneralName]) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(name.value) for name in names if isinstance(name, kind)]


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()
