"""`upstreams.*.credentials.aws_sigv4`: whose signature AWS, or a store that speaks S3, finds under requests."""

from typing import Annotated, Literal

from pydantic import Field

from hotgate.config.secret import Secret, SecretForm
from hotgate.config.settings import Flag, Form, Settings
from hotgate.config.units import SizeBetween

_NAME = Form(r"[a-z0-9-]{1,64}", "use small letters, digits and '-', as in `eu-central-1` or `execute-api`")
_S3 = frozenset({"s3", "s3-outposts", "s3-object-lambda"})
_PRINTABLE = r"[!-~]{1,%d}"


class AwsSigV4(Settings):
    """AWS Signature Version 4 over the request as the target gets it."""

    region: Annotated[str, _NAME] = Field(description="The region of the service, such as `eu-central-1`.")
    service: Annotated[str, _NAME] = Field(
        description="The service's name in signatures, such as `s3`, `execute-api`, `lambda` or `es`."
    )
    access_key_id: Annotated[Secret, SecretForm(r"[A-Za-z0-9_.-]{1,128}", "is not the id of an access key")] = Field(
        description="The id of the access key. Backends see it."
    )
    secret_access_key: Annotated[Secret, SecretForm(_PRINTABLE % 1024, "is not a secret access key")] = Field(
        description="The secret access key, of which backends see nothing but what it signs."
    )
    session_token: Annotated[Secret, SecretForm(_PRINTABLE % 16384, "is not a session token")] | None = Field(
        default=None, description="Comes with temporary keys. Renew the three together, as files."
    )
    payload: Literal["signed", "unsigned"] | None = Field(
        default=None,
        description="`signed`: the signature covers the body, which is held in memory for it. `unsigned`: bodies are"
        " streamed, and only TLS protects them. Not set: `unsigned` for S3 by https, which alone allows it, else"
        " `signed`.",
    )
    max_body: Annotated[int, SizeBetween("1KiB", "64MiB")] = Field(
        default=1024 * 1024, description="The largest body that is held to be signed; a larger one is answered 413."
    )

    copy_source: Flag = Field(
        default=False,
        description="S3: whether clients may name another object in `x-amz-copy-source` or `x-amz-rename-source`. The"
        " path of a route says nothing about that one, and the key may read it. Otherwise the answer is 403.",
    )

    @property
    def is_s3(self) -> bool:
        """Whether the service has the rules of S3."""
        return self.service in _S3

    def signs_payload(self, *, is_https: bool) -> bool:
        """Whether bodies are signed, for an upstream that is reached by TLS, or not."""
        return self.payload == "signed" or (self.payload is None and not (self.is_s3 and is_https))
