"""Certificate revocation lists as files: read, and looked at for whether they say anything now."""

import time

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

MAX_LIST_BYTES = 1024 * 1024
MAX_LIST_AGE = 24 * 3600.0  # seconds that a list is believed which does not say for how long


def load_list(content: bytes) -> x509.CertificateRevocationList:
    """A list in PEM or DER. Raises ValueError."""
    if len(content) > MAX_LIST_BYTES:
        raise ValueError("the list is larger than 1 MiB")
    try:
        if b"-----BEGIN" in content[:1024]:
            return x509.load_pem_x509_crl(content)
        return x509.load_der_x509_crl(content)
    except ValueError:
        raise ValueError("is not a certificate revocation list (PEM or DER)") from None


def list_end(found: x509.CertificateRevocationList) -> float:
    """Until when a list is valid, in epoch seconds."""
    if found.next_update_utc is None:
        return found.last_update_utc.timestamp() + MAX_LIST_AGE
    return found.next_update_utc.timestamp()


def is_current(found: x509.CertificateRevocationList) -> bool:
    """Whether it says anything now."""
    return found.last_update_utc.timestamp() <= time.time() < list_end(found)


def is_signed_by(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    """Whether it is this authority's own list."""
    try:
        key = authority.public_key()
        return found.issuer == authority.subject and found.is_signature_valid(key)  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
