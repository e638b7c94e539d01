"""`identity: {name: {jwt: …}}`: callers prove who they are with a signed token in `Authorization: Bearer …`."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from pydantic import Field

from hotgate.config.settings import Flag, Form
from hotgate.config.units import DurationBetween
from hotgate.http.response import Response
from hotgate.identity.challenge import bearer_challenge, bearer_refused, key_set_unavailable
from hotgate.identity.credential_field import bearer_token, only_value
from hotgate.identity.credential_source import BearerSource
from hotgate.identity.jwt import JwtVerifier
from hotgate.identity.key_sets import KeySets, key_set_name
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.signature_algorithm import AlgorithmName
from hotgate.identity.token_cache import TokenCache
from hotgate.identity.token_rules import TokenRules
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.claim_settings import listed
from hotgate.policies.jwt_provider import ProviderSettings

Outcome = Principal | Response | None
Admission = Outcome | Awaitable[Outcome]


_Realm = Annotated[str, Form(r"[ !#-\[\]-~]{1,128}", "use printable ASCII without quotes and backslashes")]


class JwtSettings(ProviderSettings):
    """Signed tokens (JWT) of one issuer."""

    algorithms: Annotated[tuple[AlgorithmName, ...], Field(min_length=1)] = Field(
        default=("RS256", "ES256"), description="The only signature algorithms that are accepted."
    )
    leeway: Annotated[float, DurationBetween("0s", "5m")] = Field(
        default=30.0, description="By how much the issuer's clock may differ."
    )
    forward_token: Flag = Field(default=False, description="Whether the backend gets the token too.")
    realm: _Realm | None = Field(default=None, description="The realm in WWW-Authenticate. Default: the entry's name.")

    def rules(self) -> TokenRules:
        """The same, as the verifier wants it."""
        return TokenRules(
            issuers=self.accepted_issuers(),
            audiences=frozenset(listed(self.audience)),
            algorithms=frozenset(self.algorithms),
            leeway=self.leeway,
            audience_claim=self.audience_claim,
            required_claims=self.required_claims,
            allowed_values=self.allowed_values(),
            mapping=self.mapping(),
        )


class JwtAuthenticator:
    """One issuer's tokens, compiled. clock: seconds since the epoch."""

    sources = (BearerSource(),)

    def __init__(self, name: str, settings: JwtSettings, key_sets: KeySets, clock: Callable[[], float]) -> None:
        self.name = name
        self.issuers = settings.accepted_issuers()
        self.challenge = bearer_challenge(settings.realm or name)
        self.forwards_credential = settings.forward_token
        self._key_sets = key_sets
        self._key_set = key_sets.get(key_set_name(name, settings.jwks_location))
        self._verifier = JwtVerifier(name, settings.rules(), self._key_set)
        self._cache = TokenCache(self._key_set)
        self._clock = clock

    def authenticate(self, exchange: Exchange) -> Admission:
        """Principal, refusal, an awaitable of them when fresher keys are needed, or None without a bearer token."""
        try:
            credential = only_value(exchange.request.headers.fields, b"authorization", "token-malformed")
        except CredentialRefused as refusal:
            return self.refuse(refusal)
        if credential is None:
            return None
        return self._cache.get(credential, self._clock()) or self.admit(credential)

    def recognized(self, credential: bytes) -> Principal | None:
        """Whom this Authorization value has proved before, if it still does."""
        return self._cache.get(credential, self._clock())

    def admit(self, credential: bytes) -> Admission:
        """Verify an Authorization value that is not in the cache; the outcomes are those of `authenticate`."""
        try:
            return self._verified(credential)
        except KeySetUnavailable as error:
            return key_set_unavailable(error)
        except CredentialRefused as refusal:
            if refusal.code == "key-unknown" and self._key_sets.may_refresh(self._key_set.name):
                return self._admit_with_fresh_keys(credential)
            return self.refuse(refusal)

    def refuse(self, refusal: CredentialRefused) -> Response:
        """The answer to a token that is not accepted."""
        return bearer_refused(self.challenge, refusal)

    async def _admit_with_fresh_keys(self, credential: bytes) -> Outcome:
        """The issuer may have a new key: ask once, wait a little, look again once."""
        await self._key_sets.refresh(self._key_set.name)
        try:
            return self._verified(credential)
        except CredentialRefused as refusal:
            return self.refuse(refusal)

    def _verified(self, credential: bytes) -> Principal | None:
        token = bearer_token(credential)
        if token is None:
            return None
        verified = self._verifier.verify(token, self._clock())
        self._cache.put(credential, verified.principal, verified.expires, verified.key)
        return verified.principal


def compile_jwt(name: str, settings: JwtSettings, services: Mapping[str, Any]) -> JwtAuthenticator:
    """The authenticator of one entry; needs the service `key_sets`, and takes `wall_clock` when there is one."""
    return JwtAuthenticator(name, settings, services["key_sets"], services.get("wall_clock", time.time))


MECHANISM = MechanismSpec("jwt", JwtSettings, compile_jwt)
