"""A logout token: by it a provider tells that a user has logged out there (Back-Channel Logout 1.0 §2.6)."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.control.openid.failures import LoginFailed
from hotgate.control.openid.provider import Provider
from hotgate.identity.tokens import token_checks
from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers
from hotgate.identity.tokens.claim_mapping import text
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.identity.tokens.jwt import check_size
from hotgate.identity.tokens.signature import signing_key
from hotgate.identity.tokens.token_rules import TokenRules
from hotgate.identity.verification_keys.key_set import KeySet

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_LOGOUT_TOKEN_BYTES = 8 * 1024
_MAX_AGE = 600.0  # seconds since `iat`
_TYPES: frozenset[str | None] = frozenset({None, "jwt", "logout+jwt"})

Claim = Callable[[Mapping[str, Any]], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """sid: the session at the provider. subject: the user (`sub`). One of both is there. expires: epoch seconds."""

    sid: str | None
    subject: str | None
    jti: str
    expires: float


class LogoutTokens:
    """Those of one provider. claim: true for the first who claims `{"provider", "jti", "expires"}`. now: epoch
    seconds."""

    def __init__(self, provider: Provider, claim: Claim, now: Callable[[], float] = time.time) -> None:
        settings = provider.settings
        self._provider = provider
        self._claim = claim
        self._now = now
        self._rules = TokenRules(
            issuers=AcceptedIssuers((settings.issuer,)),
            audiences=frozenset({settings.client.id}),
            algorithms=frozenset(settings.algorithms),
            leeway=settings.leeway,
            max_age=_MAX_AGE,
        )

    async def verified(self, token: bytes) -> LogoutToken:
        """What it tells, once. Raises LoginFailed, ProviderUnavailable, and StoreUnavailable."""
        logout = await self._provider.keys.verified(lambda keys: self._read(token, keys))
        body = {"provider": f"logout:{self._provider.name}", "jti": logout.jti, "expires": logout.expires}
        if not await self._claim(body):
            raise LoginFailed("the logout token was used before")
        return logout

    def _read(self, token: bytes, keys: KeySet) -> LogoutToken:
        check_size(token, MAX_LOGOUT_TOKEN_BYTES)
        compact = CompactToken(token, _TYPES)
        signing_key(compact, keys, self._rules.algorithms)
        claims = compact.unverified_claims()
        self._rules.issuers.check(claims)
        token_checks.check_audience(claims, self._rules)
        expires = token_checks.check_times(claims, self._rules, self._now())
        _check_event(claims)
        sid, subject, jti = (text(claims, (name,)) for name in ("sid", "sub", "jti"))
        if jti is None or (sid is None and subject is None):
            raise LoginFailed("the logout token has no jti, or neither sub nor sid")
        return LogoutToken(sid, subject, jti, expires)


def _check_event(claims: Mapping[str, Any]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise LoginFailed("the logout token tells of no logout (events)")
    if "nonce" in claims:  # an ID token must not pass as one (§2.4)
        raise LoginFailed("the logout token has a nonce")
