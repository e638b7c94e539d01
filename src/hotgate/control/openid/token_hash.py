"""`at_hash`: the ID token says which access token was issued with it (OpenID Connect Core §3.1.3.6)."""

import hashlib

from hotgate.identity import base64url
from hotgate.identity.tokens.compact_token import CompactToken

_ED448_BYTES = 114  # of a signature of Ed448, and of the SHAKE256 in it (RFC 8032 §5.2)


def token_hash(access_token: str, id_token: CompactToken) -> str:
    """The left half of the hash that belongs to the algorithm of the ID token's signature."""
    digest = _digest(access_token.encode("ascii"), id_token)
    return base64url.encode(digest[: len(digest) // 2]).decode("ascii")


def _digest(octets: bytes, id_token: CompactToken) -> bytes:
    if id_token.algorithm not in ("EdDSA", "Ed25519", "Ed448"):
        return hashlib.new(f"sha{id_token.algorithm[-3:]}", octets).digest()
    if len(id_token.signature) == _ED448_BYTES:
        return hashlib.shake_256(octets).digest(_ED448_BYTES)
    return hashlib.sha512(octets).digest()  # RFC 8032 §5.1
