"""OCSP (RFC 6960): the question about one certificate, and whether an answer to it may be believed."""

import hashlib
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from hotgate.identity.certificates.revocation_list import Answer, Status
from hotgate.identity.unreadable import UNREADABLE

MAX_ANSWER_BYTES = 64 * 1024
_CLOCK_SKEW = 300.0  # seconds
_STATUSES = {ocsp.OCSPCertStatus.GOOD: Status.GOOD, ocsp.OCSPCertStatus.REVOKED: Status.REVOKED}
_WEAK_HASHES = (hashes.SHA1, hashes.MD5)


class NotBelieved(ValueError):
    """The text says why, for operators."""


def question(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes) -> bytes:
    """The request, DER. A responder that knows nonces repeats it (RFC 9654); one that does not ignores it."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303 (a name)
    return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build().public_bytes(Encoding.DER)


def read_answer(
    der: bytes, certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes, now: float
) -> Answer:
    """What a responder says of the certificate. now: epoch seconds. Raises NotBelieved (§3.2)."""
    if len(der) > MAX_ANSWER_BYTES:
        raise NotBelieved("the answer is too large")
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise NotBelieved(f"the responder refuses: {response.response_status.name.lower()}")
        _check_nonce(response, nonce)
        _check_signature(response, _signer(response, issuer, now))
        return _about(response, certificate, issuer, now)
    except NotBelieved:
        raise
    except UNREADABLE as error:
        raise NotBelieved(f"the answer cannot be read: {type(error).__name__}") from None


def _check_nonce(response: ocsp.OCSPResponse, nonce: bytes) -> None:
    """Another nonce is the answer to another question. None at all is common: then only its times count."""
    try:
        found = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return
    if found != nonce:
        raise NotBelieved("the nonce is that of another question")


def _about(response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate, now: float) -> Answer:
    for single in response.responses:
        if single.serial_number == certificate.serial_number and _is_issuer(single, issuer):
            begins, ends = _period(single)
            if not begins - _CLOCK_SKEW <= now < ends:
                raise NotBelieved("the answer is not of this time")
            return Answer(_STATUSES.get(single.certificate_status, Status.UNKNOWN), ends)
    raise NotBelieved("the answer is about another certificate")


def _is_issuer(single: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    name, key = (hashes.Hash(single.hash_algorithm) for _ in range(2))
    name.update(issuer.subject.public_bytes())
    key.update(_key_bits(issuer))
    return (name.finalize(), key.finalize()) == (single.issuer_name_hash, single.issuer_key_hash)


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The BIT STRING of its public key, as `issuerKeyHash` and a responder's id by key are made of (§4.1.1)."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.public_bytes_raw()
    raise NotBelieved("the responder's key is of an unknown kind")


def _period(single: ocsp.OCSPSingleResponse) -> tuple[float, float]:
    """Without a next update newer information is always available (§2.4), so such an answer is worth nothing later."""
    begins = single.this_update_utc.timestamp()
    if single.next_update_utc is None:
        return begins, begins + _CLOCK_SKEW
    return begins, single.next_update_utc.timestamp()


def _signer(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: float) -> x509.Certificate:
    """The authority itself, or a responder that it has authorised directly (§4.2.2.2)."""
    if _is_responder(response, issuer):
        return issuer
    for delegate in response.certificates:
        if _is_responder(response, delegate):
            _check_delegate(delegate, issuer, now)
            return delegate
    raise NotBelieved("the responder is unknown")


def _is_responder(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    return response.responder_key_hash == hashlib.sha1(_key_bits(certificate), usedforsecurity=False).digest()


def _check_delegate(delegate: x509.Certificate, issuer: x509.Certificate, now: float) -> None:
    try:
        delegate.verify_directly_issued_by(issuer)
        usage = delegate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        raise NotBelieved("the authority has not authorised the responder") from None
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
        raise NotBelieved("the responder's certificate is not for OCSP")
    if not _seconds(delegate.not_valid_before_utc) <= now < _seconds(delegate.not_valid_after_utc):
        raise NotBelieved("the responder's certificate is not valid now")


def _seconds(time: datetime) -> float:
    return time.timestamp()


def _check_signature(response: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    key, algorithm = signer.public_key(), response.signature_hash_algorithm
    if isinstance(algorithm, _WEAK_HASHES):
        raise NotBelieved("the signature rests on a broken hash")
    signature, signed = response.signature, response.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(signature, signed, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            raise NotBelieved("the responder's key is of an unknown kind")
    except InvalidSignature:
        raise NotBelieved("the signature is wrong") from None
