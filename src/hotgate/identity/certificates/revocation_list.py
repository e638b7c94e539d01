"""Certificate revocation lists (RFC 5280 §5): is this certificate on its authority's list?"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hotgate.config.revocation_list import MAX_LIST_AGE, list_end
from hotgate.identity.unreadable import UNREADABLE

_PARTIAL = (x509.IssuingDistributionPoint, x509.DeltaCRLIndicator)  # critical, if the authority follows the standard


class Status(StrEnum):
    """What an authority says of a certificate. UNKNOWN: nothing that is valid now."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """until: epoch seconds from which on it must be asked anew."""

    status: Status
    until: float


@dataclass(frozen=True, slots=True)
class _List:
    serials: frozenset[int]
    begins: float
    ends: float


class RevocationLists:
    """Lists of any authorities. Each counts for the authority only that has signed it, and while it is current."""

    def __init__(self, lists: Iterable[x509.CertificateRevocationList]) -> None:
        self._lists = tuple(lists)
        self._by_issuer: dict[bytes, tuple[_List, ...]] = {}

    def answer(self, serial: int, issuer: x509.Certificate, now: float) -> Answer:
        """What they say of a certificate. issuer: the one that has signed it, verified. now: epoch seconds."""
        lists = self._of(issuer)
        if any(serial in each.serials for each in lists):
            return Answer(Status.REVOKED, now + MAX_LIST_AGE)  # also on an old list: nobody comes back from one
        ends = [each.ends for each in lists if each.begins <= now < each.ends]
        return Answer(Status.GOOD, max(ends)) if ends else Answer(Status.UNKNOWN, now)

    def _of(self, issuer: x509.Certificate) -> tuple[_List, ...]:
        """Read once for each authority; there are as many as client_ca and the verified chains have."""
        der = issuer.public_bytes(Encoding.DER)
        if der not in self._by_issuer:
            if len(self._by_issuer) >= 1024:
                self._by_issuer.clear()
            self._by_issuer[der] = tuple(_read(each) for each in self._lists if _is_of(each, issuer))
        return self._by_issuer[der]


def _is_of(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether this authority has signed it (RFC 5280 §6.3.3 f, g), and all of it is understood."""
    if found.issuer != issuer.subject:
        return False
    try:
        if any(extension.critical or isinstance(extension.value, _PARTIAL) for extension in found.extensions):
            return False  # a part of a list, or one for others: what it does not say means nothing (§5.2.4, §5.2.5)
        return _may_sign(issuer) and found.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except UNREADABLE:
        return False


def _may_sign(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def _read(found: x509.CertificateRevocationList) -> _List:
    return _List(frozenset(each.serial_number for each in found), found.last_update_utc.timestamp(), list_end(found))
