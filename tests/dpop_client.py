"""A client with a key of its own, which makes proofs of possession (RFC 9449) as wrong as a test needs them."""

import json
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from typing import Any

from hotgate.identity import base64url
from hotgate.testing.issuer import Issuer

_numbers = count(1)


class DpopClient:
    """algorithm: of its key and its proofs. url: where it sends its requests."""

    def __init__(self, algorithm: str = "ES256", url: str = "https://api.example.com/orders") -> None:
        self.url = url
        self.algorithm = algorithm
        self._signer = Issuer(algorithm=algorithm, kid=None)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key."""
        return self._signer.jwk(use=None)

    @property
    def private_jwk(self) -> dict[str, Any]:
        """The whole key, which no proof should ever hold."""
        return dict(self._signer.key.as_dict(private=True))

    @property
    def thumbprint(self) -> str:
        """What tokens that are bound to the key have in `cnf.jkt`."""
        return str(self._signer.key.thumbprint())

    @property
    def confirmation(self) -> dict[str, Any]:
        """`cnf` of such a token."""
        return {"jkt": self.thumbprint}

    def claims(self, token: bytes, now: float, **changes: Any) -> dict[str, Any]:
        """What a proof says; a change to None leaves a claim out."""
        claims = {
            "jti": f"proof-{next(_numbers)}",
            "htm": "GET",
            "htu": self.url,
            "iat": int(now),
            "ath": base64url.encode(sha256(token).digest()).decode(),
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def proof(
        self,
        token: bytes,
        now: float,
        header: Mapping[str, Any] | None = None,
        *,
        signed_by: Any = None,
        **changes: Any,
    ) -> bytes:
        """A new proof. header: members to add, replace or, being None, to leave out. signed_by: another client."""
        members = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk, **(header or {})}
        present = {name: value for name, value in members.items() if value is not None}
        signer = self if signed_by is None else signed_by
        return signer.signed(json.dumps(present).encode(), json.dumps(self.claims(token, now, **changes)).encode())

    def signed(self, header: bytes, payload: bytes) -> bytes:
        """A JWS of any bytes, with a good signature."""
        return self._signer.signed(header, payload)
