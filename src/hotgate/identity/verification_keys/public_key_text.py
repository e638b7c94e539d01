"""A public key as people keep it: in PEM."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.jwk import ECKey, OKPKey

from hotgate.identity import base64url
from hotgate.identity.verification_keys.public_key import PublicKey, UnusableKey, parse_public_key


def public_key_of_pem(pem: str) -> PublicKey:
    """Judged like the key of a JWKS. Raises UnusableKey; of a private key too, for only its public part is wanted."""
    if "PRIVATE KEY" in pem:
        raise UnusableKey("a private key; give the public part only")
    try:
        found = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey("not a public key in PEM form") from None
    if isinstance(found, EllipticCurvePublicKey):
        return parse_public_key(ECKey.import_key(pem).as_dict())
    if isinstance(found, Ed25519PublicKey):
        return parse_public_key(OKPKey.import_key(pem).as_dict())
    if isinstance(found, RSAPublicKey):
        numbers = found.public_numbers()  # judged before any library takes them for a key
        return parse_public_key({"kty": "RSA", "n": _text(numbers.n), "e": _text(numbers.e)})
    raise UnusableKey("a kind of key that verifies nothing here")


def _text(number: int) -> str:
    return base64url.encode(number.to_bytes((number.bit_length() + 7) // 8)).decode("ascii")
