"""One private key with which the gateway signs what backends verify."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Literal, get_args

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

SigningAlgorithm = Literal["ES256", "EdDSA", "RS256"]
SIGNING_ALGORITHMS: tuple[str, ...] = get_args(SigningAlgorithm)

_RSA_BITS = 2048  # of a new key, as RFC 7518 §3.3 demands; each bit more makes signing slower
_GREATEST_RSA_BITS = 4096  # one signature of a larger one holds up a worker for milliseconds


class SigningKey:
    """kid: its name in the published set, the thumbprint of RFC 7638. algorithm: the only one that it signs with."""

    __slots__ = ("_key", "algorithm", "kid")

    def __init__(self, algorithm: str, key: ECKey | OKPKey | RSAKey) -> None:
        self.algorithm = algorithm
        self.kid = key.thumbprint()
        self._key = key

    @classmethod
    def generate(cls, algorithm: str) -> "SigningKey":
        """A new key for one of SIGNING_ALGORITHMS."""
        if algorithm == "ES256":
            return cls(algorithm, ECKey.generate_key("P-256"))
        if algorithm == "EdDSA":
            return cls(algorithm, OKPKey.generate_key("Ed25519"))
        return cls(algorithm, RSAKey.generate_key(_RSA_BITS))

    @classmethod
    def from_pem(cls, pem: str) -> "SigningKey":
        """The key of a PEM text; its kind says the algorithm. Raises ValueError, whose text does not quote it."""
        try:
            found = load_pem_private_key(pem.encode(), None)
        except TypeError:
            raise ValueError("it is encrypted; take the pass phrase off and protect the file instead") from None
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("is not a private key in PEM form") from None
        if isinstance(found, EllipticCurvePrivateKey) and isinstance(found.curve, SECP256R1):
            return cls("ES256", ECKey.import_key(pem))
        if isinstance(found, Ed25519PrivateKey):
            return cls("EdDSA", OKPKey.import_key(pem))
        if isinstance(found, RSAPrivateKey) and _RSA_BITS <= found.key_size <= _GREATEST_RSA_BITS:
            return cls("RS256", RSAKey.import_key(pem))
        raise ValueError(f"must be of P-256, of Ed25519, or RSA with {_RSA_BITS} to {_GREATEST_RSA_BITS} bits")

    @property
    def pem(self) -> str:
        """The private key itself (PKCS #8). Do not log it, do not format it."""
        return self._key.as_pem(private=True).decode("ascii")

    @property
    def public_jwk(self) -> dict[str, Any]:
        """What everybody may know (RFC 7517 §4)."""
        return {**self._key.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": self.algorithm}

    def signed(self, kind: str, claims: Mapping[str, Any]) -> bytes:
        """A signed token in compact form (RFC 7515 §3.1). kind: its `typ`."""
        header = {"alg": self.algorithm, "kid": self.kid, "typ": kind}
        signing_input = b"%b.%b" % (_encoded(header), _encoded(claims))
        return b"%b.%b" % (signing_input, _base64url(self.signature(signing_input)))

    def signature(self, octets: bytes) -> bytes:
        """Its signature of these octets; raw, not DER, for ECDSA (RFC 7518 §3.4)."""
        return JWSRegistry.algorithms[self.algorithm].sign(octets, self._key)

    def __repr__(self) -> str:
        return f"<SigningKey {self.kid} {self.algorithm}>"


def _encoded(value: Mapping[str, Any]) -> bytes:
    return _base64url(json.dumps(value, separators=(",", ":")).encode("ascii"))


def _base64url(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
