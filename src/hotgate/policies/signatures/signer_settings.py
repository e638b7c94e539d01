"""Who signs requests, and with which key: the entries of `keys:`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.https_url import HttpsUrl
from hotgate.config.notation import refused
from hotgate.config.pem import Pem
from hotgate.config.secret import Secret
from hotgate.config.settings import Form, Settings, given
from hotgate.identity.confirmation import Confirmation
from hotgate.identity.principal import Principal
from hotgate.identity.signatures.request_verifier import Signer
from hotgate.identity.signatures.signature_key import (
    HMAC,
    PublicMessageKey,
    SecretMessageKey,
    UnfitKey,
    VerifyingKey,
)
from hotgate.identity.verification_keys.public_key import PublicKey, UnusableKey, parse_public_key
from hotgate.identity.verification_keys.public_key_text import public_key_of_pem
from hotgate.identity.verification_keys.shared_secret import secret_octets

SignatureAlgorithm = Literal[
    "ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "rsa-pss-sha512", "rsa-v1_5-sha256", "hmac-sha256"
]
KeyId = Annotated[str, Form(r"[ !#-\[\]-~]{1,256}", "use printable ASCII without quotes and backslashes")]

_Text = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]
_Names = Annotated[tuple[_Text, ...], Field(max_length=256)]


class CallerSettings(Settings):
    """Who calls with a key, and what they may."""

    consumer: _Text | None = Field(
        default=None, description="Who calls; several keys may share one. Default: the key's id."
    )
    scopes: _Names = Field(default=(), description="The scopes that the key grants.")
    roles: _Names = Field(default=(), description="The roles that the key grants.")
    groups: _Names = Field(default=(), description="The groups of the caller.")
    tier: _Text | None = Field(default=None, description="The tier of the caller.")

    def principal(self, key_id: str, *, provider: str, mechanism: str, demands: tuple[Confirmation, ...]) -> Principal:
        """The caller whom the key proves. demands: what each request must meet besides."""
        return Principal(
            self.consumer or key_id,
            provider=provider,
            mechanism=mechanism,
            scopes=frozenset(self.scopes),
            roles=frozenset(self.roles),
            groups=frozenset(self.groups),
            tier=self.tier,
            credential=key_id,
            claims={"key_id": key_id},
            confirmations=demands,
        )


class PublishedKeys(CallerSettings):
    """The keys that one caller publishes as a JWKS, and who that is."""

    consumer: _Text = Field(description="Who calls with these keys.")
    url: HttpsUrl | None = Field(default=None, description="Where the JWKS is fetched, in the background.")
    file: _Text | None = Field(default=None, description="A file that holds it, which is read again when it changes.")

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> "PublishedKeys":
        if len(given(self, ("url", "file"))) != 1:
            raise refused("give either `url` or `file`")
        return self

    @property
    def location(self) -> str:
        """Either of them."""
        return self.url or self.file or ""

    def caller(self, provider: str, demands: tuple[Confirmation, ...]) -> Principal:
        """The caller whom these keys prove."""
        return self.principal(self.consumer, provider=provider, mechanism="signature", demands=demands)


class SignerSettings(CallerSettings):
    """A key that signs requests, and its owner: one of `public_key`, `jwk` and `secret`."""

    public_key: Pem | None = Field(default=None, description="The public key in PEM, or the path of its file.")
    jwk: dict[str, str] | None = Field(
        default=None, max_length=32, description="The public key as a JWK (RFC 7517), in place of PEM."
    )
    secret: Secret | None = Field(
        default=None, description="A secret of 32 random bytes or more that both sides know, for `hmac-sha256`."
    )
    algorithm: SignatureAlgorithm | None = Field(
        default=None,
        description="The only algorithm of the key. Not set: `ed25519`, `ecdsa-p256-sha256`, `ecdsa-p384-sha384` or"
        " `rsa-pss-sha512`, by the kind of key, and `hmac-sha256` with a secret. `rsa-v1_5-sha256` must be asked for.",
    )

    @model_validator(mode="after")
    def _is_a_key(self) -> "SignerSettings":
        if len(given(self, ("public_key", "jwk", "secret"))) != 1:
            raise refused("give exactly one of `public_key`, `jwk` and `secret`")
        if self.algorithm is not None and (self.algorithm == HMAC) != (self.secret is not None):
            raise refused("`algorithm`: hmac-sha256 goes with `secret`, all others with a public key")
        try:
            self.key()
        except (UnfitKey, UnusableKey, ValueError) as error:
            raise refused(f"the key cannot be used: {error}") from None
        return self

    def key(self) -> VerifyingKey:
        """The same, as the verifier wants it. Raises ValueError."""
        if self.secret is not None:
            return SecretMessageKey(secret_octets(self.secret.reveal()))
        return PublicMessageKey(self._public_key(), self.algorithm)

    def signer(self, key_id: str, provider: str, demands: tuple[Confirmation, ...]) -> Signer:
        """The key with its owner."""
        caller = self.principal(key_id, provider=provider, mechanism="signature", demands=demands)
        return Signer(self.key(), caller)

    def _public_key(self) -> PublicKey:
        return parse_public_key(self.jwk) if self.public_key is None else public_key_of_pem(self.public_key.reveal())
