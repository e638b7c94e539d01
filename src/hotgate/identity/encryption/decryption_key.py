"""The gateway's own keys for encrypted tokens, and how each one finds the content key of a token (RFC 7518 §4)."""

from typing import Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hotgate.identity import strict_json
from hotgate.identity.encryption.encrypted_token import EncryptedToken
from hotgate.identity.encryption.key_agreement import CURVES, agreed_key
from hotgate.identity.verification_keys.public_key import MAX_KID_LENGTH, MAX_RSA_BITS, MIN_RSA_BITS

# Never RSA1_5 (its padding is an oracle: Bleichenbacher 1998), never PBES2 (the token says how long it takes).
DecryptionAlgorithm = Literal[
    "RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "A128KW", "A256KW", "dir"
]

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | X25519PrivateKey

_OAEP = {
    "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303  (RFC 7518 §4.3)
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
}
_WRAP_SIZES = {"A128KW": 16, "A256KW": 32}
_KEY_TYPES: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class DecryptionKey:
    """A private key. kid: its name, or None for one that is tried whatever name a token gives."""

    def __init__(self, kid: str | None, key: PrivateKey) -> None:
        self.kid = kid
        self._key = key

    def fits(self, token: EncryptedToken) -> bool:
        """Whether the token's `alg` works with this kind of key."""
        return token.algorithm in _OAEP if isinstance(self._key, RSAPrivateKey) else token.algorithm[:7] == "ECDH-ES"

    def content_key(self, token: EncryptedToken, size: int) -> bytes | None:
        """The content key of `size` octets, or None if there is none for this key."""
        try:
            if isinstance(self._key, RSAPrivateKey):
                return self._key.decrypt(token.encrypted_key, _OAEP[token.algorithm])
            return self._agreed(self._key, token, size)
        except (ValueError, InvalidUnwrap):
            return None

    def _agreed(
        self, key: EllipticCurvePrivateKey | X25519PrivateKey, token: EncryptedToken, size: int
    ) -> bytes | None:
        _, _, wrap = token.algorithm.partition("+")
        if wrap:
            wrapping = agreed_key(key, token.header, token.algorithm, _WRAP_SIZES[wrap])
            return aes_key_unwrap(wrapping, token.encrypted_key)
        return None if token.encrypted_key else agreed_key(key, token.header, token.encryption, size)

    def __repr__(self) -> str:
        return f"<DecryptionKey {self.kid!r}>"


class DecryptionSecret:
    """A secret that the issuer has too: it is the content key itself (`dir`), or wraps it."""

    kid: str | None = None

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def fits(self, token: EncryptedToken) -> bool:
        """Whether the token's `alg` works with a secret of this length."""
        return token.algorithm == "dir" or len(self._secret) == _WRAP_SIZES.get(token.algorithm)

    def content_key(self, token: EncryptedToken, size: int) -> bytes | None:
        """The content key of `size` octets, or None if there is none for this secret."""
        if token.algorithm == "dir":
            return None if token.encrypted_key else self._secret
        try:
            return aes_key_unwrap(self._secret, token.encrypted_key)
        except InvalidUnwrap:
            return None

    def __repr__(self) -> str:
        return "<DecryptionSecret>"


def parse_decryption_key(text: str, kid: str | None = None) -> DecryptionKey:
    """A private key from PEM or a JWK; kid: its name, instead of the one in the JWK. Raises ValueError, without it."""
    try:
        key, own_kid = _from_jwk(text) if text.lstrip().startswith("{") else (_from_pem(text), None)
    except (ValueError, TypeError, JoseError, UnsupportedAlgorithm):
        raise ValueError("not an unencrypted private key in PEM, nor a private JWK") from None
    _check_kind(key)
    return DecryptionKey(own_kid if kid is None else kid, key)


def _from_pem(text: str) -> Any:
    return serialization.load_pem_private_key(text.encode("utf-8"), password=None)


def _from_jwk(text: str) -> tuple[Any, str | None]:
    jwk = strict_json.parse_object(text.encode("utf-8"))
    kid = jwk.get("kid")
    if jwk.get("kty") not in _KEY_TYPES or jwk.get("use", "enc") != "enc" or "d" not in jwk:
        raise ValueError("not a private key for encryption")
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= MAX_KID_LENGTH):
        raise ValueError("its kid is not a short string")
    members = {name: value for name, value in jwk.items() if name not in ("use", "key_ops", "alg")}
    return _KEY_TYPES[jwk["kty"]].import_key(members).private_key, kid


def _check_kind(key: Any) -> None:
    if isinstance(key, RSAPrivateKey):
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            raise ValueError(f"an RSA key of {key.key_size} bits, not {MIN_RSA_BITS} to {MAX_RSA_BITS}")
    elif not isinstance(key, X25519PrivateKey) and not (
        isinstance(key, EllipticCurvePrivateKey) and key.curve.name in CURVES
    ):
        raise ValueError("neither RSA, nor P-256, P-384, P-521 or X25519")
