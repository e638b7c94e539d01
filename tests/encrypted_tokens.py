"""Encrypted tokens for tests: made by another implementation than the one that opens them, and as wrong as needed."""

import json
from typing import Any

from joserfc import jwe
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from hotgate.identity import base64url

EncryptionKey = RSAKey | ECKey | OKPKey | OctKey

RSA = RSAKey.generate_key(2048)
P256 = ECKey.generate_key("P-256")
X25519 = OKPKey.generate_key("X25519")


def private_text(key: EncryptionKey) -> str:
    """The private key as a JWK."""
    return json.dumps(key.as_dict(private=True))


def encrypted(token: bytes, key: EncryptionKey, **header: Any) -> bytes:
    """A token around `token`. header: members in addition to `cty`; one that is None is left out."""
    members = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "JWT", **header}
    present = {name: value for name, value in members.items() if value is not None}
    algorithms = list(jwe.JWERegistry.algorithms["alg"]) + list(jwe.JWERegistry.algorithms["enc"]) + ["DEF"]
    registry = jwe.JWERegistry(algorithms=algorithms, strict_check_header=False)
    return jwe.encrypt_compact(present, token, key, registry=registry).encode()


def with_header(token: bytes, **changes: Any) -> bytes:
    """The same token with other members in its header, which its tag does not cover then."""
    header, rest = token.split(b".", 1)
    members = {**json.loads(base64url.decode(header)), **changes}
    return base64url.encode(json.dumps(members).encode()) + b"." + rest


def with_segment(token: bytes, index: int, value: bytes) -> bytes:
    """The same token with another value in one of its five segments."""
    segments = token.split(b".")
    segments[index] = base64url.encode(value)
    return b".".join(segments)
