"""`identity: {name: {jwt: …}}`: callers prove who they are with a signed token, mostly in `Authorization: Bearer …`."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Flag, Form
from hotgate.config.units import DurationBetween
from hotgate.http.response import Response
from hotgate.identity.challenge import bearer_challenge, bearer_refused, key_set_unavailable, store_unavailable
from hotgate.identity.first_use import FirstUse
from hotgate.identity.jwt import JwtVerifier, VerificationKeys, VerifiedToken
from hotgate.identity.key_sets import KeySets, key_set_name
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.revocations import NoRevocations, Revocations, is_revoked
from hotgate.identity.shared_secret import MIN_SECRET_BYTES, SecretKeySet, secret_octets
from hotgate.identity.signature_algorithm import SECRET_ALGORITHMS, AlgorithmName
from hotgate.identity.token_cache import TokenCache
from hotgate.identity.token_rules import TokenRules
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec
from hotgate.policies.certificate_binding import confirmation_of
from hotgate.policies.claim_settings import listed
from hotgate.policies.jwt_provider import ProviderSettings
from hotgate.policies.token_encryption import TokenEncryption
from hotgate.policies.token_limits import TokenLimits
from hotgate.policies.token_places import TokenPlaces
from hotgate.store.errors import StoreUnavailable

LONG_LEEWAY = 120.0  # seconds; clocks that are kept in step differ by less than one

Outcome = Principal | Response | None
Admission = Outcome | Awaitable[Outcome]


_Realm = Annotated[str, Form(r"[ !#-\[\]-~]{1,128}", "use printable ASCII without quotes and backslashes")]


class JwtSettings(ProviderSettings, TokenLimits, TokenEncryption):
    """Signed tokens (JWT) of one issuer."""

    algorithms: Annotated[tuple[AlgorithmName, ...], Field(min_length=1)] = Field(
        default=("RS256", "ES256"),
        description="The only signature algorithms that are accepted. With `secret` the default is HS256.",
    )
    token: TokenPlaces = Field(
        default=TokenPlaces(), description="Where the token may stand: in `Authorization: Bearer …`, or elsewhere."
    )
    leeway: Annotated[float, DurationBetween("0s", "5m")] = Field(
        default=30.0, description="By how much the issuer's clock may differ."
    )
    certificate_bound: Literal["required"] | None = Field(
        default=None,
        description="`required`: only tokens that are bound to the certificate of the client's connection (RFC 8705). "
        "Not set: others as well; one that is bound is never accepted on another connection.",
    )
    forward_token: Flag = Field(default=False, description="Whether the backend gets the token too.")
    realm: _Realm | None = Field(default=None, description="The realm in WWW-Authenticate. Default: the entry's name.")

    @model_validator(mode="after")
    def _has_algorithms_for_its_keys(self) -> "JwtSettings":
        """A public key as a secret, or the other way round, would let anybody in (RFC 8725 §2.1)."""
        secret = self.shared_secret()
        for algorithm in self.accepted_algorithms():
            if (algorithm in SECRET_ALGORITHMS) != (secret is not None):
                raise refused("algorithms: HS256, HS384 and HS512 go with `secret`, all others with keys")
            if secret is not None and len(secret) < MIN_SECRET_BYTES[algorithm]:
                raise refused(f"secret: {algorithm} needs {MIN_SECRET_BYTES[algorithm]} bytes or more, random ones")
        return self

    def accepted_algorithms(self) -> tuple[str, ...]:
        """`algorithms`, or the default for a secret."""
        return ("HS256",) if self.secret and "algorithms" not in self.model_fields_set else self.algorithms

    def shared_secret(self) -> bytes | None:
        """The octets of `secret`."""
        try:
            return None if self.secret is None else secret_octets(self.secret.reveal())
        except ValueError:
            raise refused("secret: not a JWK of kind `oct`") from None

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """Weak choices: key, what is wrong with it, what to do instead."""
        yield from super().dangers()
        if self.secret is not None:
            yield "secret", "whoever verifies these tokens can also make them", "let the issuer sign with a key pair"
        if self.token.query is not None:
            yield "token", "addresses with tokens end up in logs and histories", "use a header field or a cookie"
        if self.leeway > LONG_LEEWAY:
            yield "leeway", "expired tokens are accepted for minutes", "keep the clocks in step, and write 30s"

    def rules(self) -> TokenRules:
        """The same, as the verifier wants it."""
        return TokenRules(
            issuers=self.accepted_issuers(),
            audiences=frozenset(listed(self.audience)),
            algorithms=frozenset(self.accepted_algorithms()),
            leeway=self.leeway,
            audience_claim=self.audience_claim,
            required_claims=self.required_claims,
            allowed_values=self.allowed_values(),
            mapping=self.mapping(),
            clients=None if self.clients is None else frozenset(self.clients),
            max_age=self.max_age,
            max_lifetime=self.max_lifetime,
            is_rfc9068=self.profile == "rfc9068",
            is_single_use=self.single_use,
        )


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

    def refuse(self, refusal: CredentialRefused) -> Response:
        """The answer to a token that is not accepted."""
        return bearer_refused(self.challenge, refusal)

    async def _admit_with_fresh_keys(self, found: bytes) -> Outcome:
        """The issuer may have a new key: ask once, wait a little, look again once."""
        await self._key_sets.refresh(self._keys.name)
        try:
            admitted = self._admitted(found)
        except CredentialRefused as refusal:
            return self.refuse(refusal)
        except (KeySetUnavailable, StoreUnavailable) as error:
            return _unavailable(error)
        return await admitted if isinstance(admitted, Awaitable) else admitted

    def _admitted(self, found: bytes) -> Admission:
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
            return self._admit_once(verified, self._first_use)
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
