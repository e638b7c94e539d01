"""What the demo's provider issues: ID tokens, access tokens that say nothing, and ones that are bound to a key."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from hotgate.demo.provider.kept import Kept

LIFETIME = 8 * 3600  # seconds; a demo is not left running for longer
AUDIENCE = "demo"
SCOPE = "orders:read"


class Tokens:
    """All of one run, signed with a key that nobody else has."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", {"kid": "provider", "use": "sig", "alg": "ES256"})
        self._opaque: Kept[dict[str, Any]] = Kept()

    @property
    def key_set(self) -> dict[str, Any]:
        """The public key."""
        return {"keys": [self._key.as_dict(private=False)]}

    def opaque(self, subject: str) -> str:
        """A token that only `known` can read."""
        now = int(time.time())
        return self._opaque.add(
            {"sub": subject, "aud": AUDIENCE, "scope": SCOPE, "token_type": "Bearer", "iat": now, "exp": now + LIFETIME}
        )

    def known(self, token: str) -> dict[str, Any]:
        """What it stands for (RFC 7662 §2.2)."""
        said = self._opaque.get(token)
        return {"active": False} if said is None else {"active": True, **said}

    def bound(self, subject: str, proof: str, issuer: str) -> str:
        """A token that is good only with proofs of the key of this one (RFC 9449 §5). Raises ValueError."""
        claims = {"sub": subject, "aud": AUDIENCE, "scope": SCOPE, "cnf": {"jkt": _thumbprint(proof)}}
        return self._signed(claims, issuer, "at+jwt")

    def identity(self, login: Mapping[str, str], issuer: str) -> str:
        """An ID token: who has logged in, for the client alone."""
        claims = {"sub": login["person"], "aud": login["client_id"], "nonce": login.get("nonce", "")}
        return self._signed({**claims, "auth_time": int(time.time())}, issuer, "JWT")

    def _signed(self, claims: Mapping[str, Any], issuer: str, kind: str) -> str:
        now = int(time.time())
        whole = {"iss": issuer, "iat": now, "exp": now + LIFETIME, "jti": secrets.token_urlsafe(16), **claims}
        return jwt.encode({"alg": "ES256", "kid": "provider", "typ": kind}, whole, self._key)


def _thumbprint(proof: str) -> str:
    """Of the key that has signed a proof. Raises ValueError."""
    try:
        key = jwk.import_key(jws.extract_compact(proof.encode()).headers()["jwk"], "EC")
        registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        jws.deserialize_compact(proof, key, registry=registry)
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError("no proof of a key") from error
    return key.thumbprint()
