"""OCSP responses (RFC 6960) that a server sends along with its certificate (RFC 6066 §8)."""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import Hash
from cryptography.x509 import ocsp


class NotStapled(ValueError):
    """A response that must not be sent; the text says why."""


def valid_until(der: bytes, certificate: x509.Certificate) -> datetime:
    """Until when a response says that this certificate is good, for clients to be told. Raises NotStapled.

    Its signature is not verified: clients do that, and the file is the operator's own.
    """
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise NotStapled("the authority could not answer")
        if not _is_about(response, certificate):
            raise NotStapled("it is for another certificate")
        if response.certificate_status is not ocsp.OCSPCertStatus.GOOD:
            raise NotStapled("it says that the certificate is not good")
        until = response.next_update_utc
    except NotStapled:
        raise
    except ValueError:
        raise NotStapled("it is not an OCSP response in DER form") from None
    if until is None:
        raise NotStapled("it does not say until when it is valid")
    return until


def _is_about(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    digest = Hash(response.hash_algorithm)
    digest.update(certificate.issuer.public_bytes())
    return response.serial_number == certificate.serial_number and response.issuer_name_hash == digest.finalize()
