"""ECDH-ES: the key that the gateway's private key and the token's ephemeral public one agree on (RFC 7518 §4.6)."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDH, EllipticCurvePrivateKey, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from hotgate.identity import base64url

# The names that cryptography and JOSE (RFC 7518 §6.2.1.1) give the same curves, and the octets of a coordinate.
CURVES = {"secp256r1": ("P-256", 32), "secp384r1": ("P-384", 48), "secp521r1": ("P-521", 66)}


def agreed_key(
    key: EllipticCurvePrivateKey | X25519PrivateKey, header: dict[str, Any], algorithm: str, size: int
) -> bytes:
    """The key of `size` octets for `algorithm`. Raises ValueError for an `epk` that is not a point of the key's curve.

    A point that is not on the curve would give the private key away bit by bit (CVE-2017-16007): the library checks.
    """
    ephemeral = header.get("epk")
    if not isinstance(ephemeral, dict):
        raise ValueError("no epk")
    secret = _x25519(key, ephemeral) if isinstance(key, X25519PrivateKey) else _ecdh(key, ephemeral)
    info = (_prefixed(algorithm.encode("ascii")), _party(header, "apu"), _party(header, "apv"), (8 * size).to_bytes(4))
    return ConcatKDFHash(SHA256(), size, b"".join(info)).derive(secret)


def _ecdh(key: EllipticCurvePrivateKey, ephemeral: dict[str, Any]) -> bytes:
    curve, size = CURVES[key.curve.name]
    if ephemeral.get("kty") != "EC" or ephemeral.get("crv") != curve:
        raise ValueError("an epk of another curve")
    numbers = EllipticCurvePublicNumbers(
        int.from_bytes(_octets(ephemeral, "x", size)), int.from_bytes(_octets(ephemeral, "y", size)), key.curve
    )
    return key.exchange(ECDH(), numbers.public_key())


def _x25519(key: X25519PrivateKey, ephemeral: dict[str, Any]) -> bytes:
    if ephemeral.get("kty") != "OKP" or ephemeral.get("crv") != "X25519":
        raise ValueError("an epk of another curve")
    return key.exchange(X25519PublicKey.from_public_bytes(_octets(ephemeral, "x", 32)))


def _party(header: dict[str, Any], name: str) -> bytes:
    return _prefixed(_octets(header, name) if name in header else b"")


def _octets(members: dict[str, Any], name: str, size: int | None = None) -> bytes:
    value = members.get(name)
    octets = base64url.decode(value.encode("ascii")) if isinstance(value, str) else None
    if octets is None or size not in (None, len(octets)):
        raise ValueError(f"no {name} of the right length")
    return octets


def _prefixed(value: bytes) -> bytes:
    return len(value).to_bytes(4) + value
