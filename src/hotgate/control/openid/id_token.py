"""The ID token of a login (OpenID Connect Core §3.1.3.7) and of a renewal (§12.2), verified whole."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.control.openid.failures import LoginFailed
from hotgate.control.openid.token_hash import token_hash
from hotgate.identity.tokens import token_checks
from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers
from hotgate.identity.tokens.claim_mapping import text
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.identity.tokens.jwt import check_size
from hotgate.identity.tokens.signature import signing_key
from hotgate.identity.tokens.token_rules import TokenRules
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.policies.oidc.oidc_settings import OidcSettings

MAX_ID_TOKEN_BYTES = 32 * 1024
MAX_ISSUED_AGE = 600.0  # seconds since `iat`: it has just been made, or somebody has kept it (§3.1.3.7 item 10)
_TYPES: frozenset[str | None] = frozenset({None, "jwt"})  # at+jwt is an access token, logout+jwt an event

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Demands:
    """What a login has asked for. acr_values: any of them; none: whatever it was. max_age: seconds, or None."""

    nonce: str
    max_age: float | None = None
    acr_values: tuple[str, ...] = ()


class IdTokens:
    """Those of one provider for one client."""

    def __init__(self, settings: OidcSettings) -> None:
        self._client_id = settings.client.id
        self._leeway = settings.leeway
        self._rules = TokenRules(
            issuers=AcceptedIssuers((settings.issuer,)),
            audiences=frozenset({settings.client.id}),
            algorithms=frozenset(settings.algorithms),
            leeway=settings.leeway,
            max_age=MAX_ISSUED_AGE,
        )

    def verify(self, id_token: str, access_token: str, keys: KeySet, now: float) -> Claims:
        """The claims of one that has come with `access_token` at `now` (epoch seconds).

        Raises CredentialRefused, KeySetUnavailable and LoginFailed.
        """
        token = id_token.encode()
        check_size(token, MAX_ID_TOKEN_BYTES)
        compact = CompactToken(token, _TYPES)
        signing_key(compact, keys, self._rules.algorithms)
        claims = compact.unverified_claims()
        token_checks.check(claims, self._rules, now)
        self._check_party(claims)
        if "at_hash" in claims and not _same(claims["at_hash"], token_hash(access_token, compact)):
            raise LoginFailed("at_hash is not of the access token that came with the ID token")
        return claims

    def check_login(self, claims: Claims, demands: Demands, now: float) -> None:
        """Whether verified claims are of the login that was begun. Raises LoginFailed."""
        if not _same(claims.get("nonce"), demands.nonce):
            raise LoginFailed("the nonce of the ID token is not that of the login")
        if demands.acr_values and claims.get("acr") not in demands.acr_values:
            raise LoginFailed("the user has not logged in in one of the ways that were asked for (acr)")
        self._check_authentication_time(claims, demands.max_age, now)

    def check_renewal(self, claims: Claims, before: Claims) -> None:
        """Whether verified claims are of the user and the login of the session's claims. Raises LoginFailed."""
        for name in ("iss", "sub"):
            if claims.get(name) != before.get(name):
                raise LoginFailed(f"the renewed ID token has another {name}")
        for name in ("auth_time", "azp", "nonce"):  # §12.2: may be left out, must not change
            if name in claims and name in before and claims[name] != before[name]:
                raise LoginFailed(f"the renewed ID token has another {name}")

    def _check_party(self, claims: Claims) -> None:
        party, audience = claims.get("azp"), claims.get("aud")
        is_shared = isinstance(audience, list) and len(audience) > 1
        if (party is not None or is_shared) and party != self._client_id:
            raise LoginFailed("the ID token was issued to another client (azp)")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:  # §2
            raise LoginFailed("the ID token has no sub of 1 to 255 characters")
        text(claims, ("sid",))  # one that is no text could never be logged out

    def _check_authentication_time(self, claims: Claims, max_age: float | None, now: float) -> None:
        time = token_checks.numeric_date(claims, "auth_time")
        if time is not None and time > now + self._leeway:
            raise LoginFailed("the user will have proved who they are in the future (auth_time)")
        if max_age is not None and (time is None or now - time > max_age + self._leeway):
            raise LoginFailed("the user has not proved who they are within max_age")


def _same(said: object, expected: str) -> bool:
    return isinstance(said, str) and hmac.compare_digest(said.encode(), expected.encode())
