"""`client_credentials` and `token_exchange` of `upstreams.*.credentials`: tokens of an authorization server."""

from collections.abc import Hashable, Iterator
from hashlib import sha256
from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.https_url import HttpsUrl
from hotgate.config.notation import refused
from hotgate.config.oauth_client import OAuthClient
from hotgate.config.settings import Flag, Form, Settings, given

_SCOPE = Form(r"[\x21\x23-\x5b\x5d-\x7e]{1,256}", "use a scope without spaces and quotes (RFC 6749, section 3.3)")
_AUDIENCE = Form(r"[\x20-\x7e]{1,1024}", "use the name by which the authorization server knows the audience")
_RESOURCE = Form(
    r"[a-z][a-z0-9+.-]{0,31}:[!\x24-\x7e]{1,2000}", "use the address of the resource, without fragment (RFC 8707 §2)"
)
_TOKEN_TYPE = Form(
    r"urn:[a-z0-9][a-z0-9-]{1,31}:[!-~]{1,256}",
    "use a token type such as `urn:ietf:params:oauth:token-type:access_token` (RFC 8693, section 3)",
)
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 (the name of a type)


class TokenRequest(Settings):
    """What every request for a token says: to whom, as which client, and what the token is for."""

    token_url: HttpsUrl | None = Field(default=None, description="The token endpoint of the authorization server.")
    issuer: HttpsUrl | None = Field(
        default=None,
        description="The authorization server's issuer, whose metadata names the token endpoint (RFC 8414).",
    )
    client: OAuthClient = Field(description="The gateway as a client of the authorization server.")
    scopes: tuple[Annotated[str, _SCOPE], ...] = Field(
        default=(), max_length=64, description="The scopes to ask for. Not set: the server decides."
    )
    audience: Annotated[str, _AUDIENCE] | None = Field(
        default=None, description="`audience`: the service that the token is for, by its name at the server."
    )
    resource: Annotated[str, _RESOURCE] | None = Field(
        default=None, description="`resource`: the service that the token is for, by its address (RFC 8707)."
    )

    @model_validator(mode="after")
    def _has_one_server(self) -> "TokenRequest":
        if len(given(self, ("token_url", "issuer"))) != 1:
            raise refused("needs either `token_url` or `issuer`")
        return self

    @property
    def caller(self) -> Hashable:
        """Who asks whom: requests for which it is equal can share connections, and what is known of the server."""
        return (self.token_url, self.issuer, self.client)

    @property
    def server(self) -> str:
        """Whom assertions of the client are for: the issuer, or the endpoint where that is all that is known."""
        return self.issuer or self.token_url or ""

    def source(self, upstream: str) -> str:
        """Names what these settings ask for: a worker that has others meanwhile does not get it. Tells no secret."""
        said = f"{type(self).__name__} {self.model_dump_json()}"  # in which secrets are hidden
        return f"{upstream}:{sha256(said.encode()).hexdigest()[:32]}"

    def dangers(self) -> Iterator[tuple[tuple[str, ...], str, str]]:
        """Weak choices: keys, what is wrong with it, what to do instead."""
        yield from ((("client", key), what, hint) for key, what, hint in self.client.dangers())


class ClientCredentials(TokenRequest):
    """A token of the gateway's own (RFC 6749 §4.4), fetched once for all workers and renewed before it expires."""

    @model_validator(mode="after")
    def _is_confidential(self) -> "ClientCredentials":
        if self.client.method == "none":
            raise refused("a client without a secret or a key gets no token of its own (RFC 6749, section 4.4)")
        return self


class TokenExchange(TokenRequest):
    """The caller's token, exchanged for one that is for this upstream alone (RFC 8693)."""

    subject_token_type: Annotated[str, _TOKEN_TYPE] = Field(
        default=_ACCESS_TOKEN, description="What kind of token callers show."
    )
    requested_token_type: Annotated[str, _TOKEN_TYPE] | None = Field(
        default=None, description="What kind of token to ask for. Not set: the server decides."
    )
    act_as_gateway: Flag = Field(
        default=False,
        description="Send a token of the gateway's own as `actor_token` too, so that the new token can say that the"
        " gateway acts for the caller (`act`).",
    )

    @model_validator(mode="after")
    def _names_a_target(self) -> "TokenExchange":
        if not (self.audience or self.resource or self.scopes):
            raise refused(
                "needs `audience`, `resource` or `scopes`: else the new token is good wherever the old one is"
            )
        if self.act_as_gateway and self.client.method == "none":
            raise refused("`act_as_gateway` needs a client with a secret or a key")
        return self
