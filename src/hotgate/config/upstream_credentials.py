"""`upstreams.*.credentials`: what the gateway shows to a backend, so that it knows that it is the gateway who asks."""

import re
from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.aws_sigv4 import AwsSigV4
from hotgate.config.notation import Notation, refused
from hotgate.config.secret import Secret, SecretForm
from hotgate.config.settings import Form, Settings, given
from hotgate.config.token_credentials import ClientCredentials, TokenExchange

# Fields that frame a message, name its destination or the way it came, or end up in logs: no secret stands in them.
_HAS_ANOTHER_MEANING = re.compile(
    r"host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|via|keep-alive|proxy-.*|user-agent|referer"
    r"|forwarded|x-forwarded-.*|x-request-id|traceparent|tracestate|cookie|set-cookie|x-hotgate-.*"
    r"|x-auth-(subject|provider|scopes|roles|groups|tenant|client)"
)
_SCHEME = Form(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}", "use the name of a scheme, such as `ApiKey` (RFC 9110 §11.1)")
_PARAMETER = Form(r"[A-Za-z0-9_.~-]{1,64}", "use letters, digits, '_', '.', '~' and '-', at most 64")
_USER_NAME = Form(r"[^:\x00-\x1f\x7f-\x9f]{1,256}", "use 1 to 256 characters without ':' (RFC 7617 §2)")
_FIELD_TEXT = r"[!-~\x80-\U0010ffff]([\t -~\x80-\U0010ffff]{0,16382}[!-~\x80-\U0010ffff])?"


def credential_field(value: object) -> str:
    """The name in lower case, of a field that may hold a credential. Raises PydanticCustomError."""
    name = value.lower() if isinstance(value, str) else ""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", name) or _HAS_ANOTHER_MEANING.fullmatch(name):
        raise refused("use a header name of letters, digits and '-' that has no other meaning")
    return name


CredentialField = Annotated[str, Notation(credential_field, {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"})]
FieldSecret = Annotated[
    Secret, SecretForm(_FIELD_TEXT, "has control characters, spaces at an end, or more than 16 KiB")
]
BearerToken = Annotated[
    Secret, SecretForm(r"[A-Za-z0-9._~+/-]{1,16384}={0,64}", "is not a bearer token (RFC 6750, section 2.1)")
]
Password = Annotated[
    Secret, SecretForm(r"[^\x00-\x1f\x7f-\x9f]{1,4096}", "has control characters or more than 4,096 characters")
]


class ApiKey(Settings):
    """A key in a header field or a parameter of the query."""

    header: CredentialField | None = Field(
        default=None, description="The header field that carries the key, such as `x-api-key` or `authorization`."
    )
    query: Annotated[str, _PARAMETER] | None = Field(
        default=None,
        description="The parameter of the query that carries the key. Prefer a header: backends log their URLs.",
    )
    scheme: Annotated[str, _SCHEME] | None = Field(
        default=None, description="What stands before the key in the header field, with a space between them."
    )
    value: FieldSecret = Field(description="The key.")

    @model_validator(mode="after")
    def _has_one_place(self) -> "ApiKey":
        if len(given(self, ("header", "query"))) != 1:
            raise refused("needs either `header` or `query`")
        if self.query is not None and self.scheme is not None:
            raise refused("`scheme` belongs to `header`")
        return self


class Basic(Settings):
    """A user name and a password (RFC 7617)."""

    username: Annotated[str, _USER_NAME] = Field(description="The user name.")
    password: Password = Field(description="The password.")


class Bearer(Settings):
    """A token that somebody renews in its file, or that does not expire (RFC 6750)."""

    token: BearerToken = Field(description="The token, mostly `file:/path`: the file is read again when it changes.")


class Credentials(Settings):
    """What every request to this upstream carries. A client's own field of the same name is removed."""

    api_key: ApiKey | None = Field(default=None, description="A key in a header field or the query.")
    basic: Basic | None = Field(default=None, description="`Authorization: Basic`, a user name and a password.")
    bearer: Bearer | None = Field(default=None, description="`Authorization: Bearer`, a token as it is.")
    aws_sigv4: AwsSigV4 | None = Field(default=None, description="Signatures for AWS, and for what speaks S3.")
    client_credentials: ClientCredentials | None = Field(
        default=None, description="A token that an authorization server issues to the gateway."
    )
    token_exchange: TokenExchange | None = Field(
        default=None, description="A token that an authorization server issues in exchange for the caller's."
    )

    @property
    def source(self) -> ClientCredentials | TokenExchange | None:
        """What to ask an authorization server for; None if nothing."""
        return self.client_credentials or self.token_exchange

    @model_validator(mode="after")
    def _is_one(self) -> "Credentials":
        if len(given(self, tuple(type(self).model_fields))) != 1:
            raise refused(f"needs exactly one of {', '.join(type(self).model_fields)}")
        return self
