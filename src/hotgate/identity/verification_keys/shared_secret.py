"""HMAC signatures (RFC 7518 §3.2): whoever can verify them can also make them, so the secret comes from the
configuration alone and no key set can hold it."""

import hmac

from hotgate.identity import base64url, strict_json

# At least as long as the hash (RFC 7518 §3.2). A shorter one is found offline from a single token (RFC 8725 §3.5).
MIN_SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
_HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
# How keys and certificates begin as text (RFC 7468, RFC 4253). What everybody may read is no secret (RFC 8725 §2.1).
_PUBLIC = ("-----BEGIN ", "ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-")


class SharedSecret:
    """One secret, in the place of a key. kid and issuer: None, because it is the only one of its entry."""

    __slots__ = ("_secret",)

    kid: str | None = None
    issuer: str | None = None

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def fits(self, algorithm: str) -> bool:
        """Whether it is long enough for `algorithm`; never for one that works with public keys."""
        return len(self._secret) >= MIN_SECRET_BYTES.get(algorithm, len(self._secret) + 1)

    def verifies(self, algorithm: str, signing_input: bytes, signature: bytes) -> bool:
        """Whether `signature` was made with this secret. Compares in constant time."""
        if not self.fits(algorithm):
            return False
        return hmac.compare_digest(hmac.digest(self._secret, signing_input, _HASHES[algorithm]), signature)

    def __repr__(self) -> str:
        return "<SharedSecret>"


class SecretKeySet:
    """The secret of one entry, in the place of a key set: always loaded, never replaced."""

    generation = 1
    is_loaded = True

    def __init__(self, name: str, secret: bytes) -> None:
        self.name = name
        self.keys = frozenset({SharedSecret(secret)})

    def has_kid(self, kid: str) -> bool:
        """Whatever name a token gives it, there is one secret."""
        return True

    def find(self, kid: str | None, algorithm: str) -> SharedSecret | None:
        """The secret, if it fits."""
        return next((secret for secret in self.keys if secret.fits(algorithm)), None)


def secret_octets(text: str) -> bytes:
    """The octets of a secret that is written as text (UTF-8), or as a JWK of kind `oct`. Raises ValueError."""
    if text.lstrip().startswith(_PUBLIC):
        raise ValueError("a key of a pair, or a certificate, is no shared secret")
    if not text.lstrip().startswith("{"):
        return text.encode("utf-8")
    jwk = strict_json.parse_object(text.encode("utf-8"))
    value = jwk.get("k")
    if jwk.get("kty") != "oct" or not isinstance(value, str):
        raise ValueError("a JWK that is no symmetric key")
    return base64url.decode(value.encode("ascii"))
