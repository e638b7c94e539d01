"""Points of small order, in every encoding there is of them."""

import pytest

from hotgate.identity import base64url
from hotgate.identity.verification_keys.edwards_points import has_small_order
from hotgate.identity.verification_keys.public_key import UnusableKey, parse_public_key
from hotgate.testing.issuer import Issuer

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P

# Chalkias, Garillot, Nikolaenko 2020, table 1: canonical and non-canonical encodings, with either sign.
ED25519 = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


def doubled(point: tuple[int, int]) -> tuple[int, int]:
    """RFC 8032 §5.1.4, in affine coordinates."""
    x, y = point
    product = D * x * x * y * y % P
    return 2 * x * y * pow(1 + product, -1, P) % P, (y * y + x * x) * pow(1 - product, -1, P) % P


def decoded(point: bytes) -> tuple[int, int]:
    """RFC 8032 §5.1.3, without its refusals."""
    y = (int.from_bytes(point, "little") & (2**255 - 1)) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    return (x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P), y


@pytest.mark.parametrize("encoding", ED25519)
def test_the_points_are_of_small_order_and_are_recognised(encoding: str) -> None:
    point = bytes.fromhex(encoding)
    assert has_small_order("Ed25519", point)
    assert doubled(doubled(doubled(decoded(point)))) == (0, 1)


@pytest.mark.parametrize("encoding", ED25519)
def test_such_a_point_is_no_key(encoding: str) -> None:
    x = base64url.encode(bytes.fromhex(encoding)).decode()
    with pytest.raises(UnusableKey, match="small order"):
        parse_public_key({"kty": "OKP", "crv": "Ed25519", "x": x})


@pytest.mark.parametrize("y", [0, 1, 2**448 - 2**224 - 2, 2**448 - 2**224 - 1])
@pytest.mark.parametrize("sign", [0, 0x80])
def test_neither_is_one_of_the_other_curve(y: int, sign: int) -> None:
    x = base64url.encode(y.to_bytes(56, "little") + bytes([sign])).decode()
    with pytest.raises(UnusableKey, match="small order"):
        parse_public_key({"kty": "OKP", "crv": "Ed448", "x": x})


@pytest.mark.parametrize("algorithm", ["Ed25519", "Ed448"])
def test_a_real_key_is_one(algorithm: str) -> None:
    issuer = Issuer(algorithm=algorithm)
    signing_input, _, signature = issuer.token({}).rpartition(b".")
    key = parse_public_key(issuer.jwk())
    for name in (algorithm, "EdDSA"):
        assert key.verifies(name, signing_input, base64url.decode(signature))
    assert not key.verifies("Ed448" if algorithm == "Ed25519" else "Ed25519", signing_input, b"")
