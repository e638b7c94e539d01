"""How the gateway proves to an authorization server which client it is (RFC 6749 §2.3, RFC 7523, RFC 8705)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.pem import Pem
from hotgate.config.secret import Secret
from hotgate.config.settings import Form, Settings, given

AuthenticationMethod = Literal[
    "client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth", "none"
]

_ID = Form(r"[\x20-\x7e]{1,1024}", "use the client's id: printable ASCII characters")  # RFC 6749 appendix A.1
_KEY_ID = Form(r"[\x20-\x7e]{1,256}", "use the key's `kid`: printable ASCII characters")
_NEEDS: dict[str, tuple[str, ...]] = {
    "client_secret_basic": ("secret",),
    "client_secret_post": ("secret",),
    "private_key_jwt": ("private_key",),
    "tls_client_auth": ("certificate", "certificate_key"),
    "none": (),
}
_EVERYTHING = ("secret", "private_key", "certificate", "certificate_key")


class OAuthClient(Settings):
    """The gateway as a client of an authorization server."""

    id: Annotated[str, _ID] = Field(description="The `client_id` that the authorization server has given out.")
    authentication: AuthenticationMethod | None = Field(
        default=None,
        description="How the client proves who it is. Not set: `client_secret_basic` with a `secret`, "
        "`private_key_jwt` with a `private_key`, `tls_client_auth` with a `certificate`.",
    )
    secret: Secret | None = Field(default=None, description="The client's secret.")
    private_key: Pem | None = Field(
        default=None, description="The key that signs the client's assertions: P-256 (ES256), Ed25519, RSA (RS256)."
    )
    key_id: Annotated[str, _KEY_ID] | None = Field(
        default=None, description="The `kid` under which the server knows `private_key`. Not set: its thumbprint."
    )
    certificate: Pem | None = Field(default=None, description="The client's certificate, for mutual TLS (RFC 8705).")
    certificate_key: Pem | None = Field(default=None, description="The private key of `certificate`.")
    ca: tuple[Pem, ...] = Field(
        default=(),
        max_length=64,
        description="The only authorities that the server's certificate may come from. Not set: those of the system.",
    )

    @model_validator(mode="after")
    def _has_what_its_method_needs(self) -> "OAuthClient":
        needed = _NEEDS[self.method]
        for name in needed:
            if getattr(self, name) is None:
                raise refused(f"`{self.method}` needs `{name}`")
        for name in given(self, _EVERYTHING):
            if name not in needed:
                raise refused(f"`{name}` is not used by `{self.method}`; remove one of both")
        if self.key_id is not None and self.private_key is None:
            raise refused("`key_id` goes with `private_key`")
        return self

    @property
    def method(self) -> AuthenticationMethod:
        """The method in force. Raises PydanticCustomError when nothing says which."""
        if self.authentication is not None:
            return self.authentication
        if self.private_key is not None:
            return "private_key_jwt"
        if self.certificate is not None:
            return "tls_client_auth"
        if self.secret is not None:
            return "client_secret_basic"
        raise refused("give `secret`, `private_key` or `certificate`; `authentication: none` is for a public client")

    @property
    def uses_mutual_tls(self) -> bool:
        """Whether it shows a certificate, for which a server may have addresses of their own (RFC 8705 §5)."""
        return self.method == "tls_client_auth"

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """Weak choices: key, what is wrong with it, what to do instead."""
        if self.method == "none":
            yield "authentication", "anybody may pose as this client", "register a confidential client"
