"""One public key that may verify signatures, read from a JWK (RFC 7517) with suspicion."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hotgate.identity import base64url
from hotgate.identity.verification_keys.edwards_points import has_small_order
from hotgate.identity.verification_keys.signature_algorithm import PUBLIC_KEY_ALGORITHMS, key_kinds_of

MIN_RSA_BITS = 2048  # NIST SP 800-131A; RFC 7518 §3.3
MAX_RSA_BITS = 8192  # beyond this a verification costs a millisecond and more
MIN_RSA_EXPONENT = 65537  # FIPS 186-5 §5.1; 3 has made forgeries easy again and again (CVE-2006-4339, BERserk)
MAX_RSA_EXPONENT_BITS = 32  # a huge exponent makes every verification slow
MAX_KID_LENGTH = 256
MAX_ISSUER_LENGTH = 1024

# The members that make up the public part, per kind of key: nothing else of a JWK is handed to the library.
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_CURVES = {"EC": ("P-256", "P-384", "P-521"), "OKP": ("Ed25519", "Ed448")}
_KEY_TYPES: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class UnusableKey(ValueError):
    """A JWK that cannot verify a signature here; the message says why and holds no key material."""


class PublicKey:
    """kid: its name in the set, or None. kind: "RSA" or the curve. algorithm: the only one it is for, or None.

    issuer: whose tokens it signs, if the set says so. thumbprint: of the key material (RFC 7638, SHA-256). Two keys are
    equal when all of that is.
    """

    __slots__ = ("_ed25519", "_identity", "_key", "algorithm", "issuer", "kid", "kind", "thumbprint")

    def __init__(
        self,
        kid: str | None,
        kind: str,
        algorithm: str | None,
        key: RSAKey | ECKey | OKPKey,
        issuer: str | None = None,
    ) -> None:
        self.kid = kid
        self.kind = kind
        self.algorithm = algorithm
        self.issuer = issuer
        self._key = key
        self._ed25519 = _by_libsodium(key) if kind == "Ed25519" else None
        self.thumbprint: str = key.thumbprint()
        self._identity = (kid, kind, algorithm, issuer, self.thumbprint)

    def fits(self, algorithm: str) -> bool:
        """Whether this key may verify `algorithm`, so that no token chooses how its key is read (RFC 8725 §3.1)."""
        return self.kind in key_kinds_of(algorithm) and self.algorithm in (None, algorithm)

    def verifies(self, algorithm: str, signing_input: bytes, signature: bytes) -> bool:
        """Whether `signature` (raw, not DER, for ECDSA: RFC 7518 §3.4) is this key's. `algorithm` must fit."""
        if not self.fits(algorithm):
            return False
        if self._ed25519 is not None:
            return self._ed25519(signing_input, signature)
        return JWSRegistry.algorithms[algorithm].verify(signing_input, signature, self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        return f"<PublicKey {self.kid!r} {self.kind}>"


def _by_libsodium(key: RSAKey | ECKey | OKPKey) -> Callable[[bytes, bytes], bool]:
    from hotgate.identity.verification_keys.ed25519 import is_signed  # noqa: PLC0415 (most workers never need it)

    return partial(is_signed, base64url.decode(str(key.as_dict(private=False)["x"]).encode("ascii")))


def parse_public_key(jwk: object) -> PublicKey:
    """The key that a JWK holds. Raises UnusableKey for private, symmetric, weak, unknown and non-signing ones."""
    if not isinstance(jwk, Mapping):
        raise UnusableKey("not a JSON object")
    key_type = jwk.get("kty")
    if not isinstance(key_type, str) or key_type not in _MEMBERS:
        raise UnusableKey("not an RSA, EC or OKP key")
    if "d" in jwk:
        raise UnusableKey("a private key; publish the public part only")
    _check_purpose(jwk)
    kind = _kind(key_type, jwk)
    return PublicKey(_kid(jwk), kind, _algorithm(jwk), _import(key_type, jwk), _issuer(jwk))


def _check_purpose(jwk: Mapping[str, Any]) -> None:
    if jwk.get("use", "sig") != "sig":
        raise UnusableKey("not meant for signatures (use)")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise UnusableKey("not meant for verification (key_ops)")


def _kind(key_type: str, jwk: Mapping[str, Any]) -> str:
    if key_type == "RSA":
        return "RSA"
    curve = jwk.get("crv")
    if not isinstance(curve, str) or curve not in _CURVES[key_type]:
        raise UnusableKey("an unknown curve")
    return curve


def _kid(jwk: Mapping[str, Any]) -> str | None:
    kid = jwk.get("kid")
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= MAX_KID_LENGTH):
        raise UnusableKey("its kid is not a short string")
    return kid


def _issuer(jwk: Mapping[str, Any]) -> str | None:
    """Microsoft's sets name the issuer of each key; other sets do not."""
    issuer = jwk.get("issuer")
    if issuer is not None and not (isinstance(issuer, str) and len(issuer) <= MAX_ISSUER_LENGTH):
        raise UnusableKey("its issuer is not a short string")
    return issuer


def _algorithm(jwk: Mapping[str, Any]) -> str | None:
    algorithm = jwk.get("alg")
    if algorithm is not None and algorithm not in PUBLIC_KEY_ALGORITHMS:
        raise UnusableKey("meant for an algorithm that is not accepted")
    return algorithm


def _import(key_type: str, jwk: Mapping[str, Any]) -> RSAKey | ECKey | OKPKey:
    members = {name: _text(jwk, name) for name in _MEMBERS[key_type]}
    octets = {name: _octets(text) for name, text in members.items() if name != "crv"}
    if key_type == "RSA":
        _check_rsa_strength(int.from_bytes(octets["n"]), int.from_bytes(octets["e"]))
    if key_type == "OKP" and has_small_order(members["crv"], octets["x"]):
        raise UnusableKey("a point of small order")
    try:
        key = _KEY_TYPES[key_type].import_key({"kty": key_type, **members})
    except (JoseError, ValueError):
        raise UnusableKey("its numbers do not make a key") from None
    return key


def _text(jwk: Mapping[str, Any], name: str) -> str:
    """A member's text, bounded before it becomes a big number. Raises UnusableKey."""
    value = jwk.get(name)
    if not isinstance(value, str) or len(value) > MAX_RSA_BITS // 6 + 2:
        raise UnusableKey(f"its {name} is missing or too long")
    return value


def _octets(text: str) -> bytes:
    """A member in base64url, with one spelling only: two keys must not be one (RFC 7515 §2). Raises UnusableKey."""
    try:
        return base64url.decode(text.encode("ascii"))
    except ValueError:
        raise UnusableKey("a number is not base64url") from None


def _check_rsa_strength(modulus: int, exponent: int) -> None:
    bits = modulus.bit_length()
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise UnusableKey(f"an RSA key of {bits} bits, not {MIN_RSA_BITS} to {MAX_RSA_BITS}")
    if exponent < MIN_RSA_EXPONENT or exponent.bit_length() > MAX_RSA_EXPONENT_BITS:
        raise UnusableKey(f"an RSA key whose exponent is below {MIN_RSA_EXPONENT} or huge")
    if not modulus & exponent & 1:
        raise UnusableKey("an RSA key with an even number")
