"""`identity: {name: {jwt: …}}`: callers prove who they are with a signed token, mostly in `Authorization: Bearer …`."""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.challenge import bearer_challenge, bearer_refused, key_set_unavailable, store_unavailable
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.tokens.first_use import FirstUse
from hotgate.identity.tokens.jwt import JwtVerifier, VerifiedToken
from hotgate.identity.tokens.revocations import NoRevocations, Revocations, is_revoked
from hotgate.identity.tokens.signature import VerificationKeys
from hotgate.identity.tokens.token_cache import TokenCache
from hotgate.identity.verification_keys.key_sets import KeySets, key_set_name
from hotgate.identity.verification_keys.shared_secret import SecretKeySet
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.certificate_binding import binding_refusal, confirmation_of
from hotgate.policies.jwt_settings import JwtSettings
from hotgate.policies.pending_use import PendingUse
from hotgate.store.errors import StoreUnavailable

Outcome = Principal | Response | None
Admission = Outcome | Awaitable[Outcome]


class JwtAuthenticator:
    """One issuer's tokens, compiled. services: "key_sets", and if they are there "wall_clock" (seconds since the
    epoch), "credentials" (Revocations) and "ask"."""

    def __init__(self, name: str, settings: JwtSettings, services: Mapping[str, Any]) -> None:
        self.name = name
        self.issuers = settings.accepted_issuers()
        self.challenge = bearer_challenge(settings.realm or name)
        self.forwards_credential = settings.forward_token
        self.rules = settings.rules()
        self.places = settings.token
        self.finder = self.places.finder()
        self.sources = self.finder.sources
        self._clock: Callable[[], float] = services.get("wall_clock", time.time)
        self._key_sets: KeySets = services["key_sets"]
        self._keys = self._verification_keys(settings)
        decryption = settings.decryption()
        self.opens_encrypted = decryption is not None
        self._verifier = JwtVerifier(name, self.rules, self._keys, decryption)
        self._revocations: Revocations = services.get("credentials") or NoRevocations()
        self._cache = TokenCache(self._keys, self._revocations)
        self._first_use = FirstUse(services.get("ask")) if settings.single_use else None
        self._must_be_bound = settings.certificate_bound == "required"

    def authenticate(self, exchange: Exchange) -> Admission:
        """Principal, refusal, an awaitable of them when somebody must be asked, or None without a token."""
        try:
            found = self.finder.find(exchange.request)
        except CredentialRefused as refusal:
            return self.refuse(refusal)
        if found is None:
            return None
        return self._cache.get(found, self._clock()) or self.admit(found, exchange)

    def recognized(self, found: bytes) -> Principal | None:
        """Whom what the finder has found proved before, if it still does."""
        return self._cache.get(found, self._clock())

    def admit(self, found: bytes, exchange: Exchange) -> Admission:
        """Verify what the finder has found and the cache has not; the outcomes are those of `authenticate`."""
        try:
            return self._admitted(found, exchange)
        except CredentialRefused as refusal:
            if refusal.code == "key-unknown" and self._key_sets.may_refresh(self._keys.name):
                return self._admit_with_fresh_keys(found, exchange)
            return self.refuse(refusal)
        except (KeySetUnavailable, StoreUnavailable) as error:
            return _unavailable(error)

    def presented_token(self, exchange: Exchange) -> bytes | None:
        """The caller's token, as it came."""
        found = self.finder.find(exchange.request)
        return None if found is None else self.finder.token(found)

    def refuse(self, refusal: CredentialRefused) -> Response:
        """The answer to a token that is not accepted."""
        return bearer_refused(self.challenge, refusal)

    async def _admit_with_fresh_keys(self, found: bytes, exchange: Exchange) -> Outcome:
        """The issuer may have a new key: ask once, wait a little, look again once."""
        await self._key_sets.refresh(self._keys.name)
        try:
            admitted = self._admitted(found, exchange)
        except CredentialRefused as refusal:
            return self.refuse(refusal)
        except (KeySetUnavailable, StoreUnavailable) as error:
            return _unavailable(error)
        return await admitted if isinstance(admitted, Awaitable) else admitted

    def _admitted(self, found: bytes, exchange: Exchange) -> Admission:
        token = self.finder.token(found)
        if token is None:
            return None
        verified = self._verifier.verify(token, self._clock())
        principal = verified.principal
        principal.confirmation = confirmation_of(principal.claims, is_required=self._must_be_bound)
        version = self._revocations.version
        if is_revoked(self._revocations, principal):
            raise CredentialRefused("token-revoked", "revoked, or its subject, session or client")
        if self._first_use is not None:
            # A thief on another connection than the owner's must not use it up.
            refusal = None if principal.confirmation is None else binding_refusal(principal, exchange)
            return refusal or PendingUse(partial(self._admit_once, verified, self._first_use))
        self._cache.put(found, verified, version)
        return principal

    async def _admit_once(self, token: VerifiedToken, first_use: FirstUse) -> Outcome:
        """Not remembered: the next request with the same token must be told that it was used."""
        try:
            await first_use.claim(token)
        except CredentialRefused as refusal:
            return self.refuse(refusal)
        except StoreUnavailable as error:
            return _unavailable(error)
        return token.principal

    def _verification_keys(self, settings: JwtSettings) -> VerificationKeys:
        secret = settings.shared_secret()
        if secret is not None:
            return SecretKeySet(self.name, secret)
        return self._key_sets.get(key_set_name(self.name, settings.jwks_location))


def _unavailable(error: KeySetUnavailable | StoreUnavailable) -> Response:
    return key_set_unavailable(error) if isinstance(error, KeySetUnavailable) else store_unavailable(error)


MECHANISM = MechanismSpec("jwt", JwtSettings, JwtAuthenticator)
