"""The settings of an `introspection` entry."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.https_url import HttpsUrl, is_https_url, refuse_metadata_address
from hotgate.config.notation import refused
from hotgate.config.oauth_client import OAuthClient
from hotgate.config.settings import Form, Settings, WholeNumber, given
from hotgate.config.units import DurationBetween
from hotgate.identity.tokens.accepted_issuers import AcceptedIssuers
from hotgate.identity.tokens.token_rules import TokenRules
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.identity.verification_keys.signature_algorithm import SECRET_ALGORITHMS, AlgorithmName
from hotgate.policies.dpop.proof_source import DpopFinder
from hotgate.policies.tokens.claim_settings import MappedClaims, OneOrMore, Text, listed
from hotgate.policies.tokens.sender_settings import SenderSettings
from hotgate.policies.tokens.token_places import TokenFinder, TokenPlaces

LONG_TTL = 300.0  # seconds

_Realm = Annotated[str, Form(r"[ !#-\[\]-~]{1,128}", "use printable ASCII without quotes and backslashes")]


class IntrospectionCache(Settings):
    """For how long an answer is believed. A token that its issuer revokes is good until then."""

    ttl: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=60.0,
        description="How long a good token is remembered, and never longer than its `exp`. `0s`: not at all."
        " RFC 7662, section 4, has the trade-off.",
    )
    negative_ttl: Annotated[float, DurationBetween("0s", "5m")] = Field(
        default=5.0, description="How long a token is refused without asking again."
    )
    entries: Annotated[int, WholeNumber(1, 1_000_000)] = Field(
        default=10_000,
        description="How many tokens are remembered, by each worker and by the control process for all of them.",
    )


class IntrospectionSettings(MappedClaims, SenderSettings):
    """Tokens, opaque ones too, whose authorization server is asked what they are worth (RFC 7662)."""

    issuer: Text | None = Field(
        default=None,
        description="The authorization server: its metadata names the endpoint. What `iss` must be where an answer has "
        "one, character by character.",
    )
    endpoint: HttpsUrl | None = Field(
        default=None, description="The introspection endpoint (https). Not set: it is found by the issuer's metadata."
    )
    client: OAuthClient = Field(description="Who the gateway is to the authorization server.")
    audience: Literal["any"] | OneOrMore = Field(
        description="What `aud` of the answer must hold: a name, or a list of names of which one is enough. `any` takes"
        " tokens that were made for others too."
    )
    answer: Literal["json", "signed", "jwt"] = Field(
        default="json",
        description="What is asked for: `json`; `signed`, an answer that the issuer has signed (RFC 9701); `jwt`, the "
        "signed token that the opaque one stands for (`Accept: application/jwt`). An answer of another kind is none.",
    )
    jwks_url: HttpsUrl | None = Field(
        default=None,
        description="Where the issuer publishes the keys of `signed` and `jwt` answers. Not set: it is found by its "
        "metadata.",
    )
    algorithms: Annotated[tuple[AlgorithmName, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="The only signature algorithms of `signed` and `jwt` answers that are accepted. Not set: RS256 and "
        "ES256.",
    )
    forward: Literal["token", "answer"] | None = Field(
        default=None,
        description="What the backend gets in `Authorization: Bearer`: the `token` as it came, or the `answer`, which "
        "must be signed. Not set: neither.",
    )
    token_type_hint: Text | None = Field(
        default="access_token", description="The `token_type_hint` of the question; `null`: none."
    )
    token: TokenPlaces = Field(
        default=TokenPlaces(), description="Where the token may stand: in `Authorization: Bearer …`, or elsewhere."
    )
    clients: Annotated[tuple[Text, ...], Field(min_length=1, max_length=1024)] | None = Field(
        default=None, description="The only clients whose tokens are accepted: `client_id`, or else `azp`."
    )
    leeway: Annotated[float, DurationBetween("0s", "5m")] = Field(
        default=30.0, description="By how much the issuer's clock may differ."
    )
    timeout: Annotated[float, DurationBetween("100ms", "30s")] = Field(
        default=2.0,
        description="How long an answer may take; then the request is answered 503. As long again it may wait until it "
        "is its turn to be asked.",
    )
    cache: IntrospectionCache = Field(default=IntrospectionCache(), description="For how long answers are believed.")
    realm: _Realm | None = Field(default=None, description="The realm in WWW-Authenticate. Default: the entry's name.")

    @model_validator(mode="after")
    def _knows_whom_to_ask(self) -> "IntrospectionSettings":
        if self.endpoint is None and self.issuer is None:
            raise refused("give `endpoint`, or an `issuer` whose metadata names it")
        if self.endpoint is None and not self._can_be_discovered():
            raise refused("give `endpoint`: it is only found for an issuer that is an https:// address")
        refuse_metadata_address(self.issuer or "")
        return self

    @model_validator(mode="after")
    def _knows_who_signs(self) -> "IntrospectionSettings":
        if self.answer == "json":
            if given(self, ("jwks_url", "algorithms")):
                raise refused("`jwks_url` and `algorithms` go with `answer: signed` and `answer: jwt`")
            if self.forward == "answer":
                raise refused("`forward: answer` needs `answer: signed` or `answer: jwt`")
            return self
        if self.issuer is None:
            raise refused("an answer that is signed needs `issuer`")
        if self.jwks_url is None and not self._can_be_discovered():
            raise refused("give `jwks_url`: keys are only found for an issuer that is an https:// address")
        if any(algorithm in SECRET_ALGORITHMS for algorithm in self.accepted_algorithms()):
            raise refused("algorithms: answers are verified with the issuer's public keys")
        return self

    @model_validator(mode="after")
    def _proofs_fit_what_they_come_with(self) -> "IntrospectionSettings":
        if self.dpop is not None and not self.token.is_only_authorization:
            raise refused("dpop: its tokens stand in `Authorization` alone; remove `token`")
        if self.dpop is not None and self.forward == "token":
            raise refused("forward: a backend cannot verify proofs; forward the `answer`, or use `assertion`")
        return self

    def finder(self) -> TokenFinder:
        """What finds the token of a request."""
        return self.token.finder() if self.dpop is None else DpopFinder()

    def accepted_algorithms(self) -> tuple[AlgorithmName, ...]:
        """`algorithms`, or the default."""
        return self.algorithms or ("RS256", "ES256")

    @property
    def key_locations(self) -> tuple[str, ...]:
        """`jwks_location`, if there is any."""
        return (self.jwks_location,) if self.jwks_location else ()

    @property
    def jwks_location(self) -> str:
        """Where the keys of answers are, or are found; empty for answers that nobody signs."""
        if self.answer == "json":
            return ""
        return self.jwks_url or str(DiscoveryLocation(self.issuer or ""))

    def source(self, name: str) -> str:
        """What the control process calls those whom the entry `name` asks: another name for another server, client or
        kind of answer, so that no answer of one is ever given for the other."""
        return key_set_name(name, " ".join((self.endpoint or "", self.issuer or "", self.client.id, self.answer)))

    def rules(self) -> TokenRules:
        """What an answer must say."""
        return TokenRules(
            issuers=AcceptedIssuers(() if self.issuer is None else (self.issuer,)),
            audiences=None if self.audience == "any" else frozenset(listed(self.audience)),
            algorithms=frozenset(self.accepted_algorithms()),
            leeway=self.leeway,
            audience_claim=self.audience_claim,
            required_claims=self.required_claims,
            allowed_values=self.allowed_values(),
            mapping=self.mapping(),
            clients=None if self.clients is None else frozenset(self.clients),
            may_lack_exp=self.answer != "jwt",
        )

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """Weak choices: key, what is wrong with it, what to do instead."""
        if self.audience == "any":
            yield "audience", "tokens that were made for other services get in", "name the audience of this API"
        if self.token.query is not None:
            yield "token", "addresses with tokens end up in logs and histories", "use a header field or a cookie"
        if self.cache.ttl > LONG_TTL:
            yield "cache", "a revoked token is good for minutes", "write `ttl: 60s`"
        for _, message, hint in self.client.dangers():
            yield "client", message, hint

    def _can_be_discovered(self) -> bool:
        return is_https_url(self.issuer) and "?" not in (self.issuer or "")
