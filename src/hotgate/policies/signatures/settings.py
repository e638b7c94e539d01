"""The settings of `identity: {name: {signature: …}}`."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Flag, Form, Settings
from hotgate.config.units import DurationBetween, SizeBetween
from hotgate.http.hop_by_hop import WRITTEN_ANEW
from hotgate.http.structured_values import Item
from hotgate.identity.signatures.component import Component, InvalidComponent
from hotgate.identity.signatures.request_verifier import SignatureRules
from hotgate.policies.signatures.signer_settings import KeyId, PublishedKeys, SignerSettings

Nonce = Literal["required", "optional", "ignored"]

_Label = Annotated[str, Form(r"[a-z*][a-z0-9_.*-]{0,63}", "use small letters, digits, '_', '.', '*' and '-'")]
_Tag = Annotated[str, Form(r"[ !#-\[\]-~]{1,256}", "use printable ASCII without quotes and backslashes")]
_Realm = Annotated[str, Form(r"[ !#-\[\]-~]{1,128}", "use printable ASCII without quotes and backslashes")]
_ComponentName = Annotated[str, Form(r"@?[!#$%&'*+\-.^_`|~0-9a-z]{1,128}", "use a name in small letters, as @method")]

_UNREADABLE = WRITTEN_ANEW - {b"content-length"}  # of which what the client has sent is not kept
_WHOLE_REQUEST = ("@method", "@target-uri")


class SignatureSettings(Settings):
    """Requests that callers sign as RFC 9421 says (HTTP Message Signatures)."""

    keys: dict[KeyId, SignerSettings] = Field(
        default={}, max_length=10_000, description="Who signs: each key by its `keyid`."
    )
    jwks: Annotated[tuple[PublishedKeys, ...], Field(max_length=256)] = Field(
        default=(), description="Callers who publish their keys (JWKS), so that they can change them; `keyid` is `kid`."
    )
    components: Annotated[tuple[_ComponentName, ...], Field(min_length=1, max_length=64)] = Field(
        default=_WHOLE_REQUEST,
        description="What every signature must cover. `@target-uri` is covered too by `@authority` with"
        " `@request-target`, or with `@path` and, where there is a query, `@query`.",
    )
    digest: Literal["required", "optional"] = Field(
        default="required",
        description="Whether `content-digest` (RFC 9530) must be covered where there is a body. Where it is covered,"
        " the body is always compared with it.",
    )
    max_body: Annotated[int, SizeBetween("1KiB", "64MiB")] = Field(
        default=1024 * 1024,
        description="The largest body that is held to be compared with its digest; a larger one is answered 413.",
    )
    max_age: Annotated[float, DurationBetween("1s", "1d")] = Field(
        default=300.0, description="How old a signature may be, by its `created`, which it must have. AWS: 5 minutes."
    )
    leeway: Annotated[float, DurationBetween("0s", "5m")] = Field(
        default=30.0, description="By how much the signer's clock may differ."
    )
    nonce: Nonce = Field(
        default="required",
        description="`required`: every signature has a nonce, and none is accepted twice, by whatever worker."
        " `optional`: the same for those that have one. `ignored`: a request may be repeated while its signature is"
        " young enough.",
    )
    label: _Label | None = Field(
        default=None, description="The label of the signature that counts. Not set: the first one with a known key."
    )
    tag: _Tag | None = Field(
        default=None,
        description="The `tag` that the signature must have: what it was made for. Others are not for this entry.",
    )
    consumers: Flag = Field(
        default=False,
        description="Whether the caller must be a consumer of the store (`hotgate consumers`) that is not disabled, "
        "and has its groups, roles, tier and metadata too.",
    )
    forward_signature: Flag = Field(
        default=False, description="Whether the backend gets `Signature` and `Signature-Input` too."
    )
    realm: _Realm | None = Field(default=None, description="The realm in WWW-Authenticate. Default: the entry's name.")

    @model_validator(mode="after")
    def _knows_somebody(self) -> "SignatureSettings":
        if not self.keys and not self.jwks:
            raise refused("give `keys` or `jwks`: nobody could sign")
        if len(set(self.key_locations)) < len(self.jwks):
            raise refused("`jwks` names one place twice: its keys would have two owners")
        return self

    @property
    def key_locations(self) -> tuple[str, ...]:
        """The addresses and paths of `jwks`."""
        return tuple(each.location for each in self.jwks)

    @model_validator(mode="after")
    def _components_exist(self) -> "SignatureSettings":
        for name in self.components:
            try:
                Component(Item(name, {}))
            except InvalidComponent as error:
                raise refused(f"`components`: {error}") from None
            if name == "@status":
                raise refused("`components`: @status is of responses")
            if name.encode("ascii") in _UNREADABLE:
                raise refused(f"`components`: {name} cannot be covered here; instead of host use @authority")
        return self

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """Weak choices: key, what is wrong with it, what to do instead."""
        if not set(_WHOLE_REQUEST) <= set(self.components):
            yield "components", "a signature is good for other requests too", "add @method and @target-uri"
        if self.nonce == "ignored":
            yield "nonce", "whoever sees a request can send it again", "have callers send a nonce"
        if self.digest == "optional":
            yield "digest", "bodies may come unsigned", "have callers cover content-digest"
        for key_id, key in self.keys.items():
            if key.algorithm == "rsa-v1_5-sha256":
                yield "keys", f"key {key_id!r} signs by an old scheme (RFC 9421, section 7.3.6)", "use rsa-pss-sha512"

    def rules(self) -> SignatureRules:
        """The same, as the verifier wants it."""
        return SignatureRules(
            required=frozenset(self.components),
            max_age=self.max_age,
            leeway=self.leeway,
            label=self.label,
            tag=self.tag,
            needs_nonce=self.nonce == "required",
        )
