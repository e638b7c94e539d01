"""`upstreams.*.tls`: who a backend must prove to be, and who the gateway says it is."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.pem import Pem
from hotgate.config.settings import Flag, Form, Settings, given
from hotgate.config.tls_version import TlsVersion

_PIN = Form(
    r"(sha256/)?[A-Za-z0-9+/]{43}=",
    "use the SHA-256 hash of a public key (SubjectPublicKeyInfo) in base64, as `sha256/…=`",
)
_SERVER_NAME = Form(r"[A-Za-z0-9_:.-]{1,253}", "use a host name or an address without brackets")


class UpstreamTls(Settings):
    """TLS towards targets with `https://`. Their certificates and names are verified unless said otherwise."""

    ca: tuple[Pem, ...] = Field(
        default=(),
        min_length=1,
        max_length=64,
        description="The only authorities that are trusted. Not set: those of the system.",
    )
    server_name: Annotated[str, _SERVER_NAME] | None = Field(
        default=None, description="The name in the certificate, and in SNI. Not set: the host of the target's URL."
    )
    certificate: Pem | None = Field(
        default=None,
        description="The gateway's own certificate, followed by those between it and its authority. Not set: none is "
        "shown.",
    )
    key: Pem | None = Field(default=None, description="The private key of `certificate`, without a pass phrase.")
    pins: tuple[Annotated[str, _PIN], ...] = Field(
        default=(),
        min_length=1,
        max_length=64,
        description="SHA-256 hashes of public keys, as `sha256/…=`. The backend's own certificate must have one of "
        "them, besides being valid. Not set: any key will do.",
    )
    min_version: TlsVersion = Field(default="1.2", description="The oldest version of TLS that is spoken, in quotes.")
    insecure_skip_verify: Flag = Field(
        default=False,
        description="Accept any certificate: anybody on the way can read and change everything. With `pins` only the "
        "key counts, which is safe.",
    )

    @model_validator(mode="after")
    def _goes_together(self) -> "UpstreamTls":
        if len(given(self, ("certificate", "key"))) == 1:
            raise refused("`certificate` and `key` go together")
        if self.insecure_skip_verify and self.ca:
            raise refused("`ca` has no use with `insecure_skip_verify`")
        return self

    @property
    def is_unverified(self) -> bool:
        """Whether anybody may pose as the backend."""
        return self.insecure_skip_verify and not self.pins
