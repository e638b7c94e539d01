"""A key with which the gateway signs messages, and the one algorithm that it is used in."""

import hmac
from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hotgate.identity.signatures.signature_key import HMAC, MIN_SECRET_BYTES, UnfitKey, jose_name
from hotgate.keys.signing_key import SigningKey

# What the gateway's own keys do, in the words of RFC 9421 §6.2.2.
_OWN = {"ES256": "ecdsa-p256-sha256", "EdDSA": "ed25519", "RS256": "rsa-v1_5-sha256"}
_RSA_BITS = range(2048, 4097)  # one signature of a larger one holds up a worker for milliseconds


class MessageSigningKey:
    """key_id: by which whoever verifies finds its other half."""

    __slots__ = ("algorithm", "key_id", "sign")

    def __init__(self, key_id: str, algorithm: str, sign: Callable[[bytes], bytes]) -> None:
        self.key_id = key_id
        self.algorithm = algorithm
        self.sign = sign

    @classmethod
    def of_own(cls, key: SigningKey) -> "MessageSigningKey":
        """One of the gateway's own. No signature base begins like a token, so nothing signed is both."""
        return cls(key.kid, _OWN[key.algorithm], key.signature)

    @classmethod
    def of_secret(cls, key_id: str, secret: bytes) -> "MessageSigningKey":
        """A shared secret. Raises UnfitKey."""
        if len(secret) < MIN_SECRET_BYTES:
            raise UnfitKey(f"a secret needs {MIN_SECRET_BYTES} bytes or more, random ones")
        return cls(key_id, HMAC, lambda base: hmac.digest(secret, base, "sha256"))

    @classmethod
    def of_pem(cls, key_id: str, pem: str) -> "MessageSigningKey":
        """A private key; its kind says the algorithm. Raises UnfitKey, whose text does not quote it."""
        try:
            found = load_pem_private_key(pem.encode(), None)
        except (TypeError, ValueError, UnsupportedAlgorithm):
            raise UnfitKey("not a private key in PEM form without a pass phrase") from None
        key: ECKey | OKPKey | RSAKey
        if isinstance(found, Ed25519PrivateKey):
            algorithm, key = "ed25519", OKPKey.import_key(pem)
        elif isinstance(found, RSAPrivateKey) and found.key_size in _RSA_BITS:
            algorithm, key = "rsa-pss-sha512", RSAKey.import_key(pem)
        elif isinstance(found, EllipticCurvePrivateKey) and isinstance(found.curve, SECP256R1 | SECP384R1):
            algorithm = "ecdsa-p256-sha256" if isinstance(found.curve, SECP256R1) else "ecdsa-p384-sha384"
            key = ECKey.import_key(pem)
        else:
            raise UnfitKey("must be of Ed25519, P-256 or P-384, or RSA with 2048 to 4096 bits")
        signs = JWSRegistry.algorithms[jose_name(algorithm)]
        return cls(key_id, algorithm, lambda base: signs.sign(base, key))
