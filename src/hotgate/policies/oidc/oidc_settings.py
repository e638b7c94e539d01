"""The settings of `identity: {name: {oidc: …}}`: what a login asks for, and what becomes of it."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hotgate.config.https_url import is_https_url
from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Flag, Form, WholeNumber
from hotgate.config.units import DurationBetween
from hotgate.policies.oidc.oidc_provider import OidcProvider
from hotgate.policies.oidc.oidc_session import OidcSession
from hotgate.policies.tokens.claim_settings import CallerClaims, Text

_TOKEN = r"[\x21\x23-\x5b\x5d-\x7e]{1,256}"  # noqa: S105  (RFC 6749 appendix A.4)
_PATH = r"(/[A-Za-z0-9._~-]{1,64}){1,8}"
_LOCAL = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@%?-][A-Za-z0-9._~!$&'()*+,;=:@%?/-]{0,2000})?")
_PLACE_SAYS = "write a path such as /, or an https:// address"
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")

_Scope = Annotated[str, Form(_TOKEN, "use scopes without spaces, one per item")]
_Acr = Annotated[str, Form(_TOKEN, "use values without spaces, one per item")]
_ParameterName = Annotated[str, Form(r"[A-Za-z0-9._-]{1,64}", "use letters, digits, '.', '_' and '-'")]

# What a login decides itself: whoever could fix one of these would undo what protects it.
RESERVED_PARAMETERS = frozenset(
    [
        "acr_values",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "code",
        "code_challenge",
        "code_challenge_method",
        "code_verifier",
        "id_token_hint",
        "max_age",
        "nonce",
        "prompt",
        "redirect_uri",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    ]
)


def _place(value: object) -> str:
    """A path of the gateway's own host, which cannot lead to another one, or an address."""
    if isinstance(value, str) and (_LOCAL.fullmatch(value) or is_https_url(value)):
        return value
    raise refused(_PLACE_SAYS)


class OidcSettings(OidcProvider):
    """Browsers log in at an OpenID Connect provider and have a session at the gateway."""

    title: Text | None = Field(
        default=None, description="What the page calls this entry where a user may choose. Not set: the entry's name."
    )
    scopes: Annotated[tuple[_Scope, ...], Field(max_length=64)] = Field(
        default=(), description="What is asked for besides `openid`, such as profile, email, offline_access."
    )
    acr_values: Annotated[tuple[_Acr, ...], Field(max_length=16)] = Field(
        default=(),
        description="The ways of logging in that are asked for, best first. A login by another one is refused.",
    )
    max_age: Annotated[float, DurationBetween("0s", "30d")] | None = Field(
        default=None, description="The user must have proved who they are within this time, or does it again."
    )
    prompt: Annotated[tuple[Literal["login", "consent", "select_account"], ...], Field(max_length=3)] = Field(
        default=(), description="What the provider must ask the user at each login."
    )
    parameters: Annotated[dict[_ParameterName, Text], Field(max_length=32)] = Field(
        default={}, description="Further parameters of the request, such as `audience`, `resource`, `ui_locales`."
    )
    pushed: Literal["auto", "required", "off"] = Field(
        default="auto",
        description="Whether the request goes to the provider directly instead of through the browser (PAR, "
        "RFC 9126). `auto`: where the provider offers it.",
    )
    userinfo: Flag = Field(default=False, description="Whether the provider's userinfo endpoint is asked for claims.")
    claims: CallerClaims = Field(
        default=CallerClaims(), description="What the claims must say, and what they say about the user, as for `jwt`."
    )
    keep_claims: Annotated[tuple[Text, ...], Field(max_length=64)] = Field(
        default=(),
        description="Claims that the session keeps besides those under `claims`; no other can be used later.",
    )
    session: OidcSession = Field(default=OidcSession(), description="Where sessions are kept, and how long.")
    path: Annotated[str, Form(_PATH, "use a path such as /.hotgate/sso, without a slash at its end")] | None = Field(
        default=None,
        description="Below it are the gateway's own paths, on every host whose routes use the entry. Register "
        "`https://<host><path>/callback` at the provider. Not set: `/.hotgate/` and the entry's name.",
    )
    after_logout: Annotated[str, Notation(_place, {"type": "string"})] = Field(
        default="/", description="Where a browser goes after a logout: a path, or an https:// address."
    )
    forward: Literal["none", "access_token", "id_token"] = Field(
        default="none", description="The token that the backend gets in `Authorization: Bearer …`."
    )
    max_flights: Annotated[int, WholeNumber(1, 10_000)] = Field(
        default=64,
        description="Logins and refreshes that may wait for the provider at once; further ones are answered 503.",
    )

    @model_validator(mode="after")
    def _can_be_asked_for(self) -> Self:
        for name in self.parameters:
            if name in RESERVED_PARAMETERS:
                raise refused(f"parameters: `{name}` is not for you to fix; it is the login's own")
        if self.path is not None and _DOT_SEGMENT.search(self.path):
            raise refused("path: it has a segment of dots")
        if self.pushed == "required" and not self.needs_metadata and self.endpoints.pushed is None:
            raise refused("pushed: name the address in `endpoints`")
        if self.userinfo and not self.needs_metadata and self.endpoints.userinfo is None:
            raise refused("userinfo: name the address in `endpoints`")
        return self

    def base_path(self, name: str) -> str:
        """`path`, or the default for an entry of this name."""
        return self.path or f"/.hotgate/{name}"

    def shown_title(self, name: str) -> str:
        """`title`, or the default for an entry of this name."""
        return self.title or name

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """Weak choices: key, what is wrong with it, what to do instead."""
        for _, message, hint in self.client.dangers():
            yield "client", message, hint
        yield from self.session.dangers()
        if self.pushed == "off":
            yield "pushed", "whoever sits at the browser can read and change the request", "write auto"
