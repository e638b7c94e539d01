"""The settings of `identity: {name: {jwt: …}}`: what is about the token itself. The rest comes from its bases."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Flag, Form
from hotgate.config.units import DurationBetween
from hotgate.identity.tokens.token_rules import TokenRules
from hotgate.identity.verification_keys.shared_secret import MIN_SECRET_BYTES, secret_octets
from hotgate.identity.verification_keys.signature_algorithm import SECRET_ALGORITHMS, AlgorithmName
from hotgate.policies.dpop.proof_source import DpopFinder
from hotgate.policies.tokens.claim_settings import listed
from hotgate.policies.tokens.jwt_provider import ProviderSettings
from hotgate.policies.tokens.sender_settings import SenderSettings
from hotgate.policies.tokens.token_encryption import TokenEncryption
from hotgate.policies.tokens.token_limits import TokenLimits
from hotgate.policies.tokens.token_places import TokenFinder, TokenPlaces

LONG_LEEWAY = 120.0  # seconds; clocks that are kept in step differ by less than one

_Realm = Annotated[str, Form(r"[ !#-\[\]-~]{1,128}", "use printable ASCII without quotes and backslashes")]


class JwtSettings(ProviderSettings, TokenLimits, TokenEncryption, SenderSettings):
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

    @model_validator(mode="after")
    def _proofs_fit_what_they_come_with(self) -> "JwtSettings":
        if self.dpop is not None and not self.token.is_only_authorization:
            raise refused("dpop: its tokens stand in `Authorization` alone; remove `token`")
        if self.dpop is not None and self.forward_token:
            raise refused("forward_token: a backend cannot verify proofs; remove it, and use `assertion`")
        return self

    def finder(self) -> TokenFinder:
        """What finds the token of a request."""
        return self.token.finder() if self.dpop is None else DpopFinder()

    def accepted_algorithms(self) -> tuple[str, ...]:
        """`algorithms`, or the default for a secret."""
        return ("HS256",) if self.secret and "algorithms" not in self.model_fields_set else self.algorithms

    def shared_secret(self) -> bytes | None:
        """The octets of `secret`."""
        try:
            return None if self.secret is None else secret_octets(self.secret.reveal())
        except ValueError:
            raise refused("secret: use random text or a JWK of kind `oct`, and no key of a pair") from None

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
