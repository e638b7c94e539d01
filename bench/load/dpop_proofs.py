"""Proofs of possession (DPoP, RFC 9449): a file of header fields for `credentials.lua`, each of them another one."""

import json
import secrets
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from hotgate.identity import base64url

# A gateway that has just started asks for a nonce, unless a proof was surely made since; clocks may be 10 s ahead.
_AHEAD = 9  # seconds


class ProofMaker:
    """One key. url: of all requests."""

    def __init__(self, url: str) -> None:
        self._key = ECKey.generate_key("P-256")
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._key.as_dict(private=False)}
        self._header = base64url.encode(json.dumps(header).encode())
        self._url = url

    @property
    def confirmation(self) -> dict[str, Any]:
        """`cnf` of a token that is bound to the key."""
        return {"jkt": self._key.thumbprint()}

    def write(self, file: Path, token: str, count: int) -> None:
        """Make so many proofs for a token. They are good for a minute, and each of them once."""
        token_hash = base64url.encode(sha256(token.encode()).digest()).decode()
        claims = {"htm": "GET", "htu": self._url, "iat": int(time.time()) + _AHEAD, "ath": token_hash}
        with file.open("wb") as lines:
            for _ in range(count):
                lines.write(b"DPoP: %b\n" % self._proof({**claims, "jti": secrets.token_urlsafe(12)}))

    def _proof(self, claims: dict[str, Any]) -> bytes:
        signing_input = self._header + b"." + base64url.encode(json.dumps(claims).encode())
        signature = JWSRegistry.algorithms["ES256"].sign(signing_input, self._key)
        return signing_input + b"." + base64url.encode(signature)
