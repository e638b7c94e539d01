"""What a client has shown in its handshake, as OpenSSL has verified it."""

import ssl
import sys
from typing import Any

from hotgate.identity.certificates.client_certificate import PresentedCertificate
from hotgate.identity.certificates.client_trust import ClientTrust

_DER = 2  # `_ssl.ENCODING_DER`


def presented(tls: ssl.SSLObject, trust: ClientTrust) -> PresentedCertificate | None:
    """The client's certificate with its verified chain; None if it showed none. trust: by which it was accepted."""
    der = tls.getpeercert(True)
    if der is None:
        return None
    chain = () if tls.session_reused else tuple(_verified(tls))
    return PresentedCertificate(chain if chain[:1] == (der,) else (der,), accepted_by=trust.authorities)


def _verified(tls: Any) -> list[bytes]:
    """Public since Python 3.13; the same function is there before."""
    if sys.version_info >= (3, 13):
        return list(tls.get_verified_chain())
    return [each.public_bytes(_DER) for each in tls._sslobj.get_verified_chain() or ()]
