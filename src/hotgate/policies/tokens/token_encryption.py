"""The keys of a jwt entry for encrypted tokens (JWE): whose they are, and which algorithms may be used with them."""

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Form, Settings
from hotgate.identity.encryption.content_encryption import ENCRYPTIONS, EncryptionName
from hotgate.identity.encryption.decryption_key import (
    DecryptionAlgorithm,
    DecryptionKey,
    DecryptionSecret,
    parse_decryption_key,
)
from hotgate.identity.encryption.token_decryption import AnyKey, TokenDecryption
from hotgate.identity.verification_keys.shared_secret import secret_octets

_SECRET_LENGTHS = frozenset({16} | {encryption.key_size for encryption in ENCRYPTIONS.values()})
_Kid = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]


class DecryptionKeySettings(Settings):
    """A private key of the gateway, for tokens that are encrypted with its public part."""

    kid: _Kid | None = Field(
        default=None,
        description="The `kid` that tokens give it; with several keys each needs one. Default: that of a JWK.",
    )
    key: Secret = Field(description="The private key, RSA or EC, as unencrypted PEM or as a JWK: `file:/path`.")

    @model_validator(mode="after")
    def _is_a_key(self) -> "DecryptionKeySettings":
        self.private_key()
        return self

    def private_key(self) -> DecryptionKey:
        """The key itself."""
        try:
            return parse_decryption_key(self.key.reveal(), self.kid)
        except ValueError as error:
            raise refused(f"key: {error}") from None


class TokenEncryption(Settings):
    """What encrypted tokens need."""

    decryption_keys: Annotated[tuple[DecryptionKeySettings, ...], Field(max_length=16)] = Field(
        default=(), description="Private keys for encrypted tokens (JWE). Several of them let keys be replaced."
    )
    decryption_secret: Secret | None = Field(
        default=None,
        description="A secret shared with the issuer for encrypted tokens, of 16, 32 or 64 bytes: text, or a JWK of"
        " kind `oct`. Either this or `decryption_keys`.",
    )
    decryption_algorithms: Annotated[tuple[DecryptionAlgorithm, ...], Field(min_length=1)] = Field(
        default=get_args(DecryptionAlgorithm), description="The only `alg` that are accepted of encrypted tokens."
    )
    content_encryption: Annotated[tuple[EncryptionName, ...], Field(min_length=1)] = Field(
        default=get_args(EncryptionName), description="The only `enc` that are accepted of encrypted tokens."
    )
    encryption: Literal["required", "optional"] = Field(
        default="required",
        description="With keys for encrypted tokens: whether a token that is only signed is refused or accepted.",
    )

    @model_validator(mode="after")
    def _has_keys_for_encryption(self) -> "TokenEncryption":
        if self.decryption_keys and self.decryption_secret is not None:
            raise refused("give either decryption_keys or decryption_secret")
        given = self.model_fields_set & {"encryption", "decryption_algorithms", "content_encryption"}
        if given and not self._keys():
            raise refused("encrypted tokens need decryption_keys or decryption_secret")
        names = [key.kid for key in self._keys()]
        if len(names) > 1 and (None in names or len(set(names)) < len(names)):
            raise refused("decryption_keys: of several keys, each needs a kid of its own")
        return self

    def decryption(self) -> TokenDecryption | None:
        """What opens encrypted tokens, or None where none are expected."""
        keys = self._keys()
        if not keys:
            return None
        return TokenDecryption(
            keys,
            frozenset(self.decryption_algorithms),
            frozenset(self.content_encryption),
            is_required=self.encryption == "required",
        )

    def _keys(self) -> Sequence[AnyKey]:
        if self.decryption_secret is None:
            return [key.private_key() for key in self.decryption_keys]
        try:
            secret = secret_octets(self.decryption_secret.reveal())
        except ValueError:
            secret = b""
        if len(secret) not in _SECRET_LENGTHS:
            raise refused("decryption_secret: needs 16, 32 or 64 bytes, as text or as a JWK of kind `oct`")
        return [DecryptionSecret(secret)]
