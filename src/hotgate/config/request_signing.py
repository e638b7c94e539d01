"""`upstreams.*.sign`: how the gateway signs what it sends to a backend, or to a partner's webhook."""

import binascii
import re
from base64 import b64decode
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.pem import Pem
from hotgate.config.secret import Secret
from hotgate.config.settings import Flag, Form, HeaderName, Settings, given
from hotgate.config.units import DurationBetween, SizeBetween
from hotgate.http.hop_by_hop import WRITTEN_ANEW

_Component = Annotated[
    str,
    Form(
        r"@(method|target-uri|authority|scheme|request-target|path|query)|[a-z0-9!#$%&'*+.^_`|~-]{1,128}",
        "use @method, @target-uri, @authority, @scheme, @request-target, @path, @query, or a field in small letters",
    ),
]
_Quotable = Annotated[str, Form(r"[ !#-\[\]-~]{1,256}", "use printable ASCII without quotes and backslashes")]
_Label = Annotated[str, Form(r"[a-z*][a-z0-9_.*-]{0,63}", "use small letters, digits, '_', '.', '*' and '-'")]
_WEBHOOK_SECRET = re.compile(r"(whsec|whsk)_([A-Za-z0-9+/]{22,}={0,2})")
_SIZES = {"whsec": range(24, 65), "whsk": (32, 64)}  # bytes (Standard Webhooks); a private key alone, or both parts


def _webhook_secret(secret: Secret) -> Secret:
    match = _WEBHOOK_SECRET.fullmatch(secret.reveal())
    try:
        size = 0 if match is None else len(b64decode(match[2], validate=True))
    except binascii.Error:
        size = 0
    if match is None or size not in _SIZES[match[1]]:
        raise refused("is not `whsec_` and 24 to 64 random bytes in base64, or `whsk_` and an Ed25519 key in base64")
    return secret


class MessageSigning(Settings):
    """HTTP Message Signatures (RFC 9421) over the request as the target gets it."""

    key: Pem | None = Field(
        default=None,
        description="The private key in PEM: Ed25519, P-256, P-384 or RSA (rsa-pss-sha512). Not set, and no `secret`:"
        " the gateway's own, whose public part `respond: {jwks: true}` shows.",
    )
    secret: Secret | None = Field(
        default=None, description="A secret of 32 random bytes or more that both sides know, for `hmac-sha256`."
    )
    key_id: _Quotable | None = Field(
        default=None, description="The `keyid` by which the target finds the key. Needed with `key` and `secret`."
    )
    components: Annotated[tuple[_Component, ...], Field(min_length=1, max_length=64)] = Field(
        default=("@method", "@target-uri"),
        description="What is signed; a field that a request does not have is left out. X-Auth-* fields may be named.",
    )
    digest: Flag = Field(
        default=False,
        description="Whether the gateway adds `Content-Digest` (RFC 9530, SHA-256) to requests with a body, and signs"
        " it. The body is held in memory for it. Without, bodies are streamed, and not signed.",
    )
    max_body: Annotated[int, SizeBetween("1KiB", "64MiB")] = Field(
        default=1024 * 1024, description="The largest body that is held for `digest`; a larger one is answered 413."
    )
    lifetime: Annotated[float, DurationBetween("1s", "1h")] = Field(
        default=60.0, description="How long a signature is good for (`expires`)."
    )
    label: _Label = Field(default="hotgate", description="The label of the signature.")
    tag: _Quotable | None = Field(default=None, description="The `tag` of the signature: what it is made for.")

    @model_validator(mode="after")
    def _names_its_key(self) -> "MessageSigning":
        if len(given(self, ("key", "secret"))) == 2:
            raise refused("give `key` or `secret`, not both")
        if bool(given(self, ("key", "secret"))) != (self.key_id is not None):
            raise refused("`key_id` goes with `key` or `secret`; the gateway's own keys have names")
        if len(set(self.components)) < len(self.components):
            raise refused("`components` names one twice")
        if late := sorted(name for name in self.components if name.encode("ascii") in WRITTEN_ANEW):
            raise refused(f"`components`: {late[0]} is written after the signature; instead of host use @authority")
        return self

    @property
    def by_own_keys(self) -> bool:
        """Whether the keys are those that sign assertions."""
        return self.key is None and self.secret is None


class WebhookSigning(Settings):
    """Webhooks that partners verify (Standard Webhooks): `webhook-id`, `webhook-timestamp`, `webhook-signature`."""

    secrets: tuple[Annotated[Secret, AfterValidator(_webhook_secret)], ...] = Field(
        min_length=1,
        max_length=4,
        description="`whsec_…` signs by HMAC-SHA256 (v1), `whsk_…` by Ed25519 (v1a). All sign, so that one can take the"
        " place of another.",
    )
    id_from: HeaderName | None = Field(
        default=None,
        description="The field in which the internal service names the event, so that what it sends again has the same"
        " `webhook-id`. A request without it is answered 400. Not set: the id of the request.",
    )
    max_body: Annotated[int, SizeBetween("1KiB", "64MiB")] = Field(
        default=1024 * 1024, description="The largest body that is held to be signed; a larger one is answered 413."
    )


class RequestSigning(Settings):
    """What the gateway signs of each request to this upstream. Clients' own signature fields are removed."""

    message: MessageSigning | None = Field(default=None, description="HTTP Message Signatures (RFC 9421).")
    webhook: WebhookSigning | None = Field(default=None, description="Standard Webhooks.")

    @model_validator(mode="after")
    def _is_one(self) -> "RequestSigning":
        if len(given(self, ("message", "webhook"))) != 1:
            raise refused("needs exactly one of `message` and `webhook`")
        return self
