"""`protected_resource`: tell clients where they get a token for this route (RFC 9728), as those of MCP ask for.

    protected_resource: {resource: "https://api.example.com/mcp"}

It is no step of the pipeline: the metadata is a path of its own (`runtime/compiling/compile_resources.py`), and
challenges of the route point to it.
"""

from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, model_validator

from hotgate.config.https_url import HttpsUrl
from hotgate.config.notation import refused
from hotgate.config.settings import Flag, Form, Settings
from hotgate.http.targets import BadTarget, canonical, host_of
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec

_WELL_KNOWN = "/.well-known/oauth-protected-resource"

_Scope = Annotated[str, Form(r"[!#-\[\]-~]{1,256}", "use a scope of visible ASCII without quotes and backslashes")]
_Title = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]


class ProtectedResource(Settings):
    """Metadata that tells clients where they get a token for the route (RFC 9728)."""

    resource: HttpsUrl = Field(
        description="The identifier of what is protected, as clients know it and as they name it when they ask for a "
        "token: an https address, without query. Several routes may belong to one resource."
    )
    authorization_servers: Annotated[tuple[HttpsUrl, ...], Field(min_length=1, max_length=64)] | None = Field(
        default=None,
        description="Issuers of tokens for it. Not set: those of the entries in `authenticate` that have one.",
    )
    scopes_supported: Annotated[tuple[_Scope, ...], Field(max_length=256)] | None = Field(
        default=None, description="Scopes that clients may ask for. Not set: those in `authorize` of its routes."
    )
    resource_name: _Title | None = Field(default=None, description="Its name, for people.")
    resource_documentation: HttpsUrl | None = Field(default=None, description="A page for developers.")
    resource_policy_uri: HttpsUrl | None = Field(default=None, description="How data may be used.")
    resource_tos_uri: HttpsUrl | None = Field(default=None, description="The terms of service.")
    signed_metadata: Flag = Field(
        default=False,
        description="Whether the metadata is also there as a JWT that the gateway signs, with the keys and the "
        "`issuer` of `assertion`.",
    )
    authorization_server_metadata: Literal["proxy"] | None = Field(
        default=None,
        description="`proxy`: the metadata of the one authorization server (RFC 8414) is also served on the hosts of "
        "the route, for clients of MCP before 2025-06-18 that look for it there.",
    )

    @model_validator(mode="after")
    def _has_one_place(self) -> "ProtectedResource":
        if "?" in self.resource:
            raise refused("resource: an address without query")
        try:
            is_plain = canonical(self.path.encode("ascii"))[0] == self.path and "*" not in self.path and bool(self.host)
        except BadTarget:
            is_plain = False
        if not is_plain:
            raise refused("resource: write host and path in the form that the gateway decides about, and without '*'")
        return self

    @property
    def host(self) -> str:
        """The host of the resource, in lower case and without port."""
        return host_of(urlsplit(self.resource).netloc.encode("ascii"))

    @property
    def path(self) -> str:
        """Where its metadata stands: the well-known path comes before that of the resource (RFC 9728 §3.1)."""
        path = urlsplit(self.resource).path
        return _WELL_KNOWN + ("" if path == "/" else path)

    @property
    def metadata_url(self) -> str:
        """The address of the metadata, which challenges point to."""
        url = urlsplit(self.resource)
        return urlunsplit((url.scheme, url.netloc, self.path, "", ""))


def _compile(settings: ProtectedResource, context: CompileContext) -> Sequence[PhasedStep]:
    return ()


POLICY = PolicySpec("protected_resource", ProtectedResource, _compile)
