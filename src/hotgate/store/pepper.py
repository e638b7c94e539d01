"""The digest under which an API key is kept: HMAC-SHA-256(pepper, SHA-256(key)).

Who steals the database cannot even test a guess without the pepper, which is never in it. The inner digest is there so
that keys of another system can be imported when only their SHA-256 is known. Nothing is stretched: a key is random.
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256

MIN_BYTES = 32

_FINGERPRINT = b"hotgate: the fingerprint of a pepper"  # not 32 bytes: so no digest of a key is ever the same


class Peppers:
    """The first makes new digests, and all of them verify: so that a pepper can be replaced while keys live on."""

    __slots__ = ("_secrets",)

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("there must be a pepper")
        self._secrets = tuple(secrets)

    def __repr__(self) -> str:
        return f"<{len(self._secrets)} peppers>"

    def digest(self, key: bytes) -> bytes:
        """What a new key is kept as."""
        return self.of_sha256(sha256(key).digest())

    def of_sha256(self, inner: bytes) -> bytes:
        """What a key is kept as of which only the SHA-256 is known."""
        return hmac.digest(self._secrets[0], inner, "sha256")

    def candidates(self, key: bytes) -> tuple[bytes, ...]:
        """What a presented key may be kept as, the likeliest first."""
        inner = sha256(key).digest()
        return tuple(hmac.digest(secret, inner, "sha256") for secret in self._secrets)

    def fingerprints(self) -> tuple[bytes, ...]:
        """By which to recognize each of them. They may be stored: of 256 random bits they tell nothing."""
        return tuple(hmac.digest(secret, _FINGERPRINT, "sha256") for secret in self._secrets)

    def revealed(self) -> list[str]:
        """The peppers in hex, for a worker. Do not keep it, do not format it."""
        return [secret.hex() for secret in self._secrets]
