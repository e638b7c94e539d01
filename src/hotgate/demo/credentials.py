"""The tokens of the demo, and the key that verifies them: of an issuer that exists for one run."""

import time
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

ISSUER = "https://idp.example.com"
AUDIENCE = "demo"
_LIFETIME = 8 * 3600  # seconds; a demo is not left running for longer
_EXPIRED_SINCE = 3600  # seconds; far beyond any leeway


@dataclass(frozen=True, slots=True)
class Credentials:
    """token: good, with the scope orders:read. expired: the same, but too old. jwks: the public key of both.

    opaque: good as well, but says nothing; only the provider knows what it stands for.

    The private key is forgotten: nothing that is written down can sign another token.
    """

    token: str
    expired: str
    opaque: str
    jwks: dict[str, Any]


def new_credentials(opaque: str) -> Credentials:
    """Fresh ones, good from now on. opaque: of the provider."""
    key = ECKey.generate_key("P-256", {"kid": "demo", "use": "sig", "alg": "ES256"})
    now = int(time.time())
    return Credentials(
        token=_signed(key, now, now + _LIFETIME),
        expired=_signed(key, now - 2 * _EXPIRED_SINCE, now - _EXPIRED_SINCE),
        opaque=opaque,
        jwks={"keys": [key.as_dict(private=False)]},
    )


def _signed(key: ECKey, issued: int, expires: int) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "scope": "orders:read",
        "iat": issued,
        "exp": expires,
    }
    return jwt.encode({"alg": "ES256", "kid": "demo", "typ": "at+jwt"}, claims, key)
