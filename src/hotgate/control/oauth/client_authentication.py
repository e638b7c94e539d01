"""What a call to an authorization server carries so that it knows the client (RFC 6749 §2.3.1, RFC 7523 §2.2)."""

import secrets
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from hotgate.config.oauth_client import OAuthClient
from hotgate.config.pem import Pem
from hotgate.keys.signing_key import SigningKey
from hotgate.upstream.client_tls import client_context

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME = 60  # seconds of an assertion


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is added to a call. Neither shows in a repr."""

    form: dict[str, str] = field(default_factory=dict, repr=False)
    fields: dict[str, str] = field(default_factory=dict, repr=False)


class ClientAuthentication:
    """One client, at one authorization server. now: epoch seconds. Raises ValueError for a key that cannot be used."""

    def __init__(self, client: OAuthClient, now: Callable[[], float] = time.time) -> None:
        self.client_id = client.id
        self._client = client
        self._now = now
        self._key = None if client.private_key is None else _signing_key(client.private_key, client.key_id)

    def credentials(self, audience: str) -> Credentials:
        """For one call. audience: the issuer, whom alone an assertion is for; nobody else can use it."""
        client = self._client
        secret = "" if client.secret is None else client.secret.reveal()
        if client.method == "client_secret_basic":
            # Both are form-encoded before they are joined: an id may hold a colon (RFC 6749 §2.3.1).
            joined = f"{quote_plus(client.id)}:{quote_plus(secret)}"
            return Credentials(fields={"authorization": "Basic " + b64encode(joined.encode()).decode("ascii")})
        form = {"client_id": client.id}
        if client.method == "client_secret_post":
            form["client_secret"] = secret
        if self._key is not None:
            form["client_assertion_type"] = _ASSERTION
            form["client_assertion"] = self._assertion(self._key, audience)
        return Credentials(form=form)

    def tls(self) -> ssl.SSLContext:
        """How to connect: with the client's certificate, if it has one. Raises ValueError."""
        client = self._client
        certificate = "" if client.certificate is None else client.certificate.reveal()
        key = "" if client.certificate_key is None else client.certificate_key.reveal()
        return client_context(ca=[each.reveal() for each in client.ca], certificate=certificate, key=key)

    def _assertion(self, key: SigningKey, audience: str) -> str:
        now = int(self._now())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "iat": now,
            "exp": now + _LIFETIME,
            "jti": secrets.token_urlsafe(16),
        }
        return key.signed("JWT", claims).decode("ascii")


def _signing_key(pem: Pem, key_id: str | None) -> SigningKey:
    key = SigningKey.from_pem(pem.reveal())
    if key_id is not None:
        key.kid = key_id
    return key
