"""`identity: {name: {jwt: …}}`: callers prove who they are with a signed token, mostly in `Authorization: Bearer …`."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.challenge import key_set_unavailable, store_unavailable, token_refused
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.tokens.first_use import Ask, FirstUse
from hotgate.identity.tokens.jwt import JwtVerifier
from hotgate.identity.tokens.revocations import NoRevocations, Revocations, is_revoked
from hotgate.identity.tokens.signature import VerificationKeys
from hotgate.identity.tokens.token_cache import TokenCache
from hotgate.identity.verification_keys.key_sets import KeySets, key_set_name
from hotgate.identity.verification_keys.shared_secret import SecretKeySet
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.tokens.jwt_settings import JwtSettings
from hotgate.policies.tokens.sender_constraint import SenderConstraint
from hotgate.store.errors import StoreUnavailable

Outcome = Principal | Response | None
Admission = Outcome | Awaitable[Outcome]


class JwtAuthenticator:
    """One issuer's tokens, compiled. services: "key_sets", and if they are there "wall_clock" (seconds since the
    epoch), "credentials" (Revocations), "ask" and "proof_uses"."""

    def __init__(self, name: str, settings: JwtSettings, services: Mapping[str, Any]) -> None:
        self.name = name
        self.issuers = settings.accepted_issuers()
        self._sender = SenderConstraint(settings.realm or name, settings, services)
        self.challenge = ", ".join(self._sender.challenges)
        self.forwards_credential = settings.forward_token
        self.rules = settings.rules()
        self.places = settings.token
        self.needs_hosts = settings.needs_hosts
        self.finder = settings.finder()
        self.sources = self.finder.sources
        self._clock: Callable[[], float] = services.get("wall_clock", time.time)
        self._key_sets: KeySets = services["key_sets"]
        self._keys = self._verification_keys(settings)
        decryption = settings.decryption()
        self.opens_encrypted = decryption is not None
        self._verifier = JwtVerifier(name, self.rules, self._keys, decryption)
        self._revocations: Revocations = services.get("credentials") or NoRevocations()
        self._cache = TokenCache(self._keys, self._revocations)
        self._is_single_use = settings.single_use
        self._ask: Ask | None = services.get("ask")

    def authenticate(self, exchange: Exchange) -> Admission:
        """Principal, refusal, an awaitable of them when somebody must be asked, or None without a token."""
        try:
            found = self.finder.find(exchange.request)
        except CredentialRefused as refusal:
            return self.refuse(refusal)
        if found is None:
            return None
        return self._cache.get(found, self._clock()) or self.admit(found)

    def recognized(self, found: bytes) -> Principal | None:
        """Whom what the finder has found proved before, if it still does."""
        return self._cache.get(found, self._clock())

    def admit(self, found: bytes) -> Admission:
        """Verify what the finder has found and the cache has not; the outcomes are those of `authenticate`."""
        try:
            return self._admitted(found)
        except CredentialRefused as refusal:
            if refusal.code == "key-unknown" and self._key_sets.may_refresh(self._keys.name):
                return self._admit_with_fresh_keys(found)
            return self.refuse(refusal)
        except (KeySetUnavailable, StoreUnavailable) as error:
            return _unavailable(error)

    def presented_token(self, exchange: Exchange) -> bytes | None:
        """The caller's token, as it came."""
        found = self.finder.find(exchange.request)
        return None if found is None else self.finder.token(found)

    def refuse(self, refusal: CredentialRefused) -> Response:
        """The answer to a token that is not accepted."""
        return token_refused(self._sender.challenges, refusal)

    async def _admit_with_fresh_keys(self, found: bytes) -> Outcome:
        """The issuer may have a new key: ask once, wait a little, look again once."""
        await self._key_sets.refresh(self._keys.name)
        try:
            return self._admitted(found)
        except CredentialRefused as refusal:
            return self.refuse(refusal)
        except (KeySetUnavailable, StoreUnavailable) as error:
            return _unavailable(error)

    def _admitted(self, found: bytes) -> Principal | None:
        token = self.finder.token(found)
        if token is None:
            return None
        verified = self._verifier.verify(token, self._clock())
        principal = verified.principal
        principal.confirmations = self._sender.confirmations(principal, found, token)
        version = self._revocations.version
        if is_revoked(self._revocations, principal):
            raise CredentialRefused("token-revoked", "revoked, or its subject, session or client")
        if self._is_single_use:  # and not remembered: the next request with it must be told that it was used
            principal.confirmations += (FirstUse(self._ask, verified, self._sender.challenges),)
        else:
            self._cache.put(found, verified, version)
        return principal

    def _verification_keys(self, settings: JwtSettings) -> VerificationKeys:
        secret = settings.shared_secret()
        if secret is not None:
            return SecretKeySet(self.name, secret)
        return self._key_sets.get(key_set_name(self.name, settings.jwks_location))


def _unavailable(error: KeySetUnavailable | StoreUnavailable) -> Response:
    return key_set_unavailable(error) if isinstance(error, KeySetUnavailable) else store_unavailable(error)


MECHANISM = MechanismSpec("jwt", JwtSettings, JwtAuthenticator)
