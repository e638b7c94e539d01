"""The signature algorithms that Hotgate accepts, and the kind of key that each one needs.

Public keys and shared secrets have a list each, and an entry of `identity:` has either keys or a secret: a public key
is never mistaken for a secret (RFC 8725 §2.1, §3.1). `none` is on neither list: there is nothing to verify.
"""

from typing import Literal, get_args

PublicKeyAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448"
]
SecretAlgorithm = Literal["HS256", "HS384", "HS512"]
AlgorithmName = PublicKeyAlgorithm | SecretAlgorithm

PUBLIC_KEY_ALGORITHMS: tuple[str, ...] = get_args(PublicKeyAlgorithm)
SECRET_ALGORITHMS: tuple[str, ...] = get_args(SecretAlgorithm)

# "RSA", or the curve: a signature made for one curve says nothing on another (RFC 7518 §3.4, RFC 8037 §3.1, RFC 9864).
_KEY_KINDS = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA",)),
    "ES256": ("P-256",),
    "ES384": ("P-384",),
    "ES512": ("P-521",),
    "EdDSA": ("Ed25519", "Ed448"),
    "Ed25519": ("Ed25519",),
    "Ed448": ("Ed448",),
}


def key_kinds_of(algorithm: str) -> tuple[str, ...]:
    """The kinds of public key (see `PublicKey.kind`) that an algorithm works with; none for any other text."""
    return _KEY_KINDS.get(algorithm, ())
