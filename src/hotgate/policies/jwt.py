"""`identity: {name: {jwt: …}}`: callers prove who they are with a signed token in `Authorization: Bearer …`."""

import time
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Flag, Form, Settings
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
from hotgate.policies.certificate_binding import confirmation_of

Outcome = Principal | Response | None
Admission = Outcome | Awaitable[Outcome]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_jwks_url(value: object) -> str:
    says = "must be an https:// address without user and fragment; http:// only for a loopback host"
    try:
        url = urlsplit(value if isinstance(value, str) and len(value) <= 2048 else "")
        is_safe = url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.hostname or ""))
        is_plain = bool(url.hostname) and "@" not in url.netloc and not url.fragment and url.port != 0
    except ValueError:
        raise refused(says) from None
    if not isinstance(value, str) or not (is_safe and is_plain and value.isascii() and value.isprintable()):
        raise refused(says)
    return value


_Text = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,1024}", "use text of 1 to 1,024 characters")]
_JwksUrl = Annotated[str, Notation(_read_jwks_url, {"type": "string", "format": "uri", "pattern": "^https?://"})]
_Realm = Annotated[str, Form(r"[ !#-\[\]-~]{1,128}", "use printable ASCII without quotes and backslashes")]


class JwtSettings(Settings):
    """Signed tokens (JWT) of one issuer."""

    issuer: _Text = Field(description="What `iss` must be, character by character.")
    audience: _Text | Annotated[tuple[_Text, ...], Field(min_length=1, max_length=32)] = Field(
        description="What `aud` must hold: a name, or a list of names of which one is enough."
    )
    jwks_url: _JwksUrl | None = Field(
        default=None, description="Where the issuer publishes its keys (https). Either this or `jwks_file`."
    )
    jwks_file: _Text | None = Field(
        default=None,
        description="A file with the issuer's keys (JWKS), relative to the folder of the main file. It is watched.",
    )
    algorithms: Annotated[tuple[AlgorithmName, ...], Field(min_length=1)] = Field(
        default=("RS256", "ES256"), description="The only signature algorithms that are accepted."
    )
    leeway: Annotated[float, DurationBetween("0s", "5m")] = Field(
        default=30.0, description="By how much the issuer's clock may differ."
    )
    subject_claim: _Text = Field(default="sub", description="The claim that names the caller.")
    scopes_claim: _Text | None = Field(
        default=None, description="The claim with the scopes, also as a dotted path. Default: `scope`, or else `scp`."
    )
    roles_claim: _Text = Field(
        default="roles", description="The claim with the roles, also as a dotted path such as realm_access.roles."
    )
    required_claims: Annotated[tuple[_Text, ...], Field(max_length=32)] = Field(
        default=(), description="Claims that a token must have besides `iss`, `aud`, `exp` and the subject."
    )
    certificate_bound: Literal["required"] | None = Field(
        default=None,
        description="`required`: only tokens that are bound to the certificate of the client's connection (RFC 8705). "
        "Not set: others as well; one that is bound is never accepted on another connection.",
    )
    forward_token: Flag = Field(default=False, description="Whether the backend gets the token too.")
    realm: _Realm | None = Field(default=None, description="The realm in WWW-Authenticate. Default: the entry's name.")

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> "JwtSettings":
        if (self.jwks_url is None) == (self.jwks_file is None):
            raise refused("give either jwks_url or jwks_file")
        return self

    @property
    def jwks_location(self) -> str:
        """The address or the path of the keys."""
        return self.jwks_url or self.jwks_file or ""

    def rules(self) -> TokenRules:
        """The same, as the verifier wants it."""
        audiences = (self.audience,) if isinstance(self.audience, str) else self.audience
        return TokenRules(
            issuer=self.issuer,
            audiences=frozenset(audiences),
            algorithms=frozenset(self.algorithms),
            leeway=self.leeway,
            subject_claim=self.subject_claim,
            scopes_claim=self.scopes_claim,
            roles_claim=self.roles_claim,
            required_claims=self.required_claims,
        )


class JwtAuthenticator:
    """One issuer's tokens, compiled. clock: seconds since the epoch."""

    sources = (BearerSource(),)

    def __init__(self, name: str, settings: JwtSettings, key_sets: KeySets, clock: Callable[[], float]) -> None:
        self.name = name
        self.issuer = settings.issuer
        self.challenge = bearer_challenge(settings.realm or name)
        self.forwards_credential = settings.forward_token
        self._key_sets = key_sets
        self._key_set = key_sets.get(key_set_name(name, settings.jwks_location))
        self._verifier = JwtVerifier(name, settings.rules(), self._key_set)
        self._cache = TokenCache(self._key_set)
        self._clock = clock
        self._must_be_bound = settings.certificate_bound == "required"

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
        principal = verified.principal
        principal.confirmation = confirmation_of(principal.claims, is_required=self._must_be_bound)
        self._cache.put(credential, verified.principal, verified.expires, verified.key)
        return verified.principal


def compile_jwt(name: str, settings: JwtSettings, services: Mapping[str, Any]) -> JwtAuthenticator:
    """The authenticator of one entry; needs the service `key_sets`, and takes `wall_clock` when there is one."""
    return JwtAuthenticator(name, settings, services["key_sets"], services.get("wall_clock", time.time))


MECHANISM = MechanismSpec("jwt", JwtSettings, compile_jwt)
