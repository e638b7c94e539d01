"""An issuer of signed tokens for tests: real keys, real signatures, and as wrong as a test needs them."""

import json
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hotgate.identity import base64url
from hotgate.identity.verification_keys.signature_algorithm import key_kinds_of

SigningKey = RSAKey | ECKey | OKPKey


class Issuer:
    """Has one key of its own. algorithm: what it signs with. name: its `iss`. kid: the name of its key, or None."""

    def __init__(self, name: str = "https://idp.test", algorithm: str = "ES256", kid: str | None = "k1") -> None:
        self.name = name
        self.algorithm = algorithm
        self.kid = kid
        self.key = _new_key(key_kinds_of(algorithm)[0])

    def jwk(self, **members: Any) -> dict[str, Any]:
        """The public key, with `members` added or replaced; a member that is None is left out."""
        jwk: dict[str, Any] = {**self.key.as_dict(private=False), "kid": self.kid, "use": "sig", **members}
        return {name: value for name, value in jwk.items() if value is not None}

    def jwks(self) -> dict[str, Any]:
        """The document that the issuer publishes."""
        return {"keys": [self.jwk()]}

    def token(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> bytes:
        """A compact token with exactly these claims, whatever they are. header: members added to alg, kid and typ."""
        members = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT", **(header or {})}
        present = {name: value for name, value in members.items() if value is not None}
        return self.signed(json.dumps(present).encode(), json.dumps(claims).encode())

    def signed(self, header: bytes, payload: bytes) -> bytes:
        """A compact token of any bytes, with a good signature."""
        signing_input = base64url.encode(header) + b"." + base64url.encode(payload)
        signature = JWSRegistry.algorithms[self.algorithm].sign(signing_input, self.key)
        return signing_input + b"." + base64url.encode(signature)


def _new_key(kind: str) -> SigningKey:
    if kind == "RSA":
        return RSAKey.generate_key(2048)
    if kind == "Ed25519":
        return OKPKey.generate_key("Ed25519")
    return OKPKey.generate_key("Ed448") if kind == "Ed448" else ECKey.generate_key(kind)
