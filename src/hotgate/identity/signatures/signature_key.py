"""The algorithms of RFC 9421 §3.3, and keys that verify them: each key works with one, whatever a message says."""

import hmac
from hashlib import sha256
from typing import Protocol

from hotgate.identity.verification_keys.public_key import PublicKey

HMAC = "hmac-sha256"
MIN_SECRET_BYTES = 32  # as long as the hash (RFC 2104 §3)

# Kind of key, and the names that JOSE has for the same algorithm (with ECDSA in the same raw form).
_PUBLIC: dict[str, tuple[str, tuple[str, ...]]] = {
    "ed25519": ("Ed25519", ("EdDSA", "Ed25519")),
    "ecdsa-p256-sha256": ("P-256", ("ES256",)),
    "ecdsa-p384-sha384": ("P-384", ("ES384",)),
    "rsa-pss-sha512": ("RSA", ("PS512",)),
    "rsa-v1_5-sha256": ("RSA", ("RS256",)),  # only where it is asked for by name: RFC 9421 §7.3.6
}


class UnfitKey(ValueError):
    """A key for which there is no algorithm, or not this one. The text holds no key material."""


class VerifyingKey(Protocol):
    """algorithm: the only one that it verifies. thumbprint: equal for equal keys, whatever they are called."""

    algorithm: str
    thumbprint: str

    def verifies(self, base: bytes, signature: bytes) -> bool: ...


class PublicMessageKey:
    """A public key in one algorithm."""

    __slots__ = ("_jose_name", "_key", "algorithm", "thumbprint")

    def __init__(self, key: PublicKey, algorithm: str | None = None) -> None:
        """algorithm: None for the usual one of this kind of key. Raises UnfitKey."""
        self.algorithm = algorithm or algorithm_for(key.kind)
        kind, names = _PUBLIC.get(self.algorithm, ("", ()))
        fitting = [name for name in names if kind == key.kind and key.fits(name)]
        if not fitting:
            raise UnfitKey(f"a key of kind {key.kind} is not for {self.algorithm}")
        self._key = key
        self._jose_name = fitting[0]
        self.thumbprint = key.thumbprint

    def verifies(self, base: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's."""
        return self._key.verifies(self._jose_name, base, signature)


class SecretMessageKey:
    """A shared secret (RFC 9421 §3.3.3): 32 bytes or more."""

    __slots__ = ("_secret", "algorithm", "thumbprint")

    def __init__(self, secret: bytes) -> None:
        """Raises UnfitKey."""
        if len(secret) < MIN_SECRET_BYTES:
            raise UnfitKey(f"a secret needs {MIN_SECRET_BYTES} bytes or more, random ones")
        self.algorithm = HMAC
        self._secret = secret
        self.thumbprint = secret_thumbprint(secret)

    def verifies(self, base: bytes, signature: bytes) -> bool:
        """Whether the signature was made with this secret. Compares in constant time."""
        return hmac.compare_digest(hmac.digest(self._secret, base, "sha256"), signature)


def secret_thumbprint(secret: bytes) -> str:
    """A name for a secret that does not tell it: it is random and long, so nobody can guess it from this."""
    return sha256(secret).hexdigest()


def algorithm_for(kind: str) -> str:
    """The usual algorithm of a kind of key. Raises UnfitKey."""
    for algorithm, (fitting, _) in _PUBLIC.items():
        if fitting == kind:
            return algorithm
    raise UnfitKey(f"there is no algorithm for a key of kind {kind}")


def jose_name(algorithm: str) -> str:
    """What JOSE calls an algorithm with a key pair."""
    return _PUBLIC[algorithm][1][0]
