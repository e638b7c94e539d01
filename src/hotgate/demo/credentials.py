"""What callers of the demo prove themselves with: tokens of an issuer that exists for one run, and one API key."""

import secrets
import time
from dataclasses import dataclass
from hashlib import sha256
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

    The private key is forgotten: nothing that is written down can sign another token.
    """

    token: str
    expired: str
    api_key: str
    jwks: dict[str, Any]

    @property
    def api_key_digest(self) -> str:
        """What a configuration holds instead of the key: SHA-256 in hexadecimal."""
        return sha256(self.api_key.encode("ascii")).hexdigest()


def new_credentials() -> Credentials:
    """Fresh ones, good from now on."""
    key = ECKey.generate_key("P-256", {"kid": "demo", "use": "sig", "alg": "ES256"})
    now = int(time.time())
    return Credentials(
        token=_signed(key, now, now + _LIFETIME),
        expired=_signed(key, now - 2 * _EXPIRED_SINCE, now - _EXPIRED_SINCE),
        api_key=f"demo_{secrets.token_urlsafe(24)}",
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
