"""The signature algorithms that Hotgate accepts, and the kind of key that each one needs.

Only asymmetric ones: with `none` there is nothing to verify, and with HS* whoever can verify can also sign, so a
public key mistaken for a shared secret would let anybody in (RFC 8725 §2.1, §3.1).
"""

from typing import Literal, get_args

AlgorithmName = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"
]

ALGORITHM_NAMES: tuple[str, ...] = get_args(AlgorithmName)

# "RSA", or the curve: a signature made for one curve says nothing on another (RFC 7518 §3.4, RFC 8037 §3.1, RFC 9864).
_KEY_KINDS = {
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "EdDSA": "Ed25519",
    "Ed25519": "Ed25519",
}


def key_kind_of(algorithm: str) -> str:
    """The kind of key (see `PublicKey.kind`) that `algorithm`, one of ALGORITHM_NAMES, works with."""
    return _KEY_KINDS.get(algorithm, "RSA")
