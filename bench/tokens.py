"""The identity provider of a run: one RSA key made for it, its public half in two formats, and signed tokens."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from bench.scenario import Security

ISSUER = "https://idp.example.com"
AUDIENCE = "api"
SCOPE = "orders:read"
GENEROUS = 6_000_000  # requests per minute: more than any server here reaches, little enough to be counted
TIGHT = 3


class TokenIssuer:
    """Makes a 2048-bit key at once and writes `jwks.json` and `public.pem` into the folder."""

    def __init__(self, folder: Path) -> None:
        self._key = RSAKey.generate_key(2048, {"kid": "bench", "use": "sig", "alg": "RS256"})
        self._jwks = folder / "jwks.json"
        self._public_key = folder / "public.pem"
        self._jwks.write_text(json.dumps({"keys": [self._key.as_dict(private=False)]}))
        pem = self._key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._public_key.write_bytes(pem)

    def security(self, per_minute: int = GENEROUS) -> Security:
        """What a server must demand so that exactly `token()` passes."""
        return Security(self._jwks, self._public_key, ISSUER, AUDIENCE, SCOPE, per_minute)

    def token(self, **changed: Any) -> str:
        """A token that lives an hour; keyword arguments replace claims, for tokens that must be refused."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "customer-7",
            "scope": f"profile {SCOPE}",
            "iat": now,
            "exp": now + 3600,
        }
        return jwt.encode({"alg": "RS256", "kid": "bench", "typ": "JWT"}, {**claims, **changed}, self._key)

    def credentials(self, **changed: Any) -> Mapping[str, str]:
        """The header field that carries such a token (RFC 6750 §2.1)."""
        return {"Authorization": f"Bearer {self.token(**changed)}"}


def with_broken_signature(token: str) -> str:
    """The same token with the first character of its signature changed."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
