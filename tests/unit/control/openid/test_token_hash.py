"""The hash of an access token, by every algorithm that signs."""

import hashlib

import pytest

from hotgate.control.openid.token_hash import token_hash
from hotgate.identity import base64url
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.testing.issuer import Issuer

ACCESS = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"  # of OpenID Connect Core, appendix A.3


def hash_by(algorithm: str) -> str:
    return token_hash(ACCESS, CompactToken(Issuer(algorithm=algorithm).token({})))


def test_the_example_of_the_specification() -> None:
    assert hash_by("RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("PS384", hashlib.sha384(ACCESS.encode()).digest()),
        ("ES512", hashlib.sha512(ACCESS.encode()).digest()),
        ("EdDSA", hashlib.sha512(ACCESS.encode()).digest()),
        ("Ed448", hashlib.shake_256(ACCESS.encode()).digest(114)),
    ],
)
def test_the_left_half_of_the_hash_of_the_algorithm(algorithm: str, digest: bytes) -> None:
    assert hash_by(algorithm) == base64url.encode(digest[: len(digest) // 2]).decode()
