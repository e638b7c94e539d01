"""`X-Forwarded-Client-Cert` (XFCC), as Envoy writes it: how a proxy tells what certificate its client has shown.

`Hash=…;Subject="…";URI=…;DNS=…;Cert="…"`: pairs between semicolons, elements between commas, values quoted where they
hold one of these. What is written here holds none of them outside of our own: whatever a certificate says, also to a
reader that knows nothing of quotes, is percent-encoded. What is read here is one element, or it is refused: the second
may be what the client of a careless proxy has sent.
"""

import re
from base64 import b64encode
from urllib.parse import quote, unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hotgate.identity.certificates.client_certificate import MALFORMED, MAX_BYTES, CertificateFacts, read_certificate
from hotgate.identity.refusal import CredentialRefused

_SAFE_IN_NAME = " -._~@:/*+"  # of what RFC 4514 lets stand in a value, what no reader of XFCC stumbles over
_SAFE_IN_URI = "-._~@:/*+?&"
_MAX_NAMES = 16  # of each kind, so that the field stays within what backends read

_pairs = re.compile(rb'([A-Za-z]{1,16})=("(?:[^"\\]|\\.)*"|[^",;]*)(;|,|\Z)').match
_hash = re.compile(rb"[0-9A-Fa-f]{64}").fullmatch


def xfcc(der: bytes) -> bytes:
    """The value of the field for a certificate. Raises CredentialRefused."""
    facts = read_certificate(der)
    certificate = x509.load_der_x509_certificate(der)
    pem = quote(certificate.public_bytes(Encoding.PEM), safe="")
    parts = [f"Hash={facts.fingerprint}", f'Subject="{_distinguished(certificate.subject)}"']
    parts += [f"URI={quote(uri, safe=_SAFE_IN_URI)}" for uri in facts.names["san_uri"][:_MAX_NAMES]]
    parts += [f"DNS={quote(name, safe=_SAFE_IN_URI)}" for name in facts.names["san_dns"][:_MAX_NAMES]]
    return ";".join([*parts, f'Cert="{pem}"']).encode("ascii")


def client_cert(der: bytes) -> bytes:
    """The value of `Client-Cert` (RFC 9440 §2.1): the certificate as a byte sequence of RFC 8941."""
    return b":" + b64encode(der) + b":"


def read_xfcc(value: bytes) -> tuple[str, CertificateFacts | None]:
    """(the fingerprint, what the certificate says if it was sent). Raises CredentialRefused."""
    parameters = _parameters(value)
    sent = parameters.get(b"cert")
    facts = None if sent is None else read_certificate(_der(sent))
    stated = parameters.get(b"hash")
    if stated is not None and not _hash(stated):
        raise CredentialRefused(MALFORMED, "Hash in X-Forwarded-Client-Cert is not a SHA-256 digest")
    if facts is None and stated is None:
        raise CredentialRefused(MALFORMED, "X-Forwarded-Client-Cert has neither Cert nor Hash")
    fingerprint = (stated or b"").decode("ascii").lower()
    if facts is not None and fingerprint not in ("", facts.fingerprint):
        raise CredentialRefused(MALFORMED, "Hash and Cert in X-Forwarded-Client-Cert are of two certificates")
    return (fingerprint if facts is None else facts.fingerprint), facts


def _parameters(value: bytes) -> dict[bytes, bytes]:
    if len(value) > 2 * MAX_BYTES:
        raise CredentialRefused(MALFORMED, "X-Forwarded-Client-Cert is too large")
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(value):
        pair = _pairs(value, at)
        if pair is None or pair[3] == b",":
            raise CredentialRefused(MALFORMED, "X-Forwarded-Client-Cert is not one element")
        name, text = pair[1].lower(), pair[2]
        if name in found and name in (b"cert", b"hash"):
            raise CredentialRefused(MALFORMED, "X-Forwarded-Client-Cert says one thing twice")
        found[name] = text[1:-1] if text.startswith(b'"') else text
        at = pair.end()
    return found


def _der(pem: bytes) -> bytes:
    try:
        (certificate,) = x509.load_pem_x509_certificates(unquote_to_bytes(pem))
    except ValueError:
        raise CredentialRefused(MALFORMED, "Cert in X-Forwarded-Client-Cert is not one certificate") from None
    return certificate.public_bytes(Encoding.DER)


def _distinguished(name: x509.Name) -> str:
    """Attributes, the last one first (RFC 4514 §2.1). Their values can hold nothing that ends them."""
    parts = [
        "+".join(f"{each.rfc4514_attribute_name}={quote(str(each.value), safe=_SAFE_IN_NAME)}" for each in part)
        for part in reversed(name.rdns)
    ]
    return ",".join(parts)
