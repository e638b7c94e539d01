"""The keys of a jwt entry that say whose tokens are accepted and where the keys are; a provider's preset fills them."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from hotgate.config.https_url import HttpsUrl, is_https_url, refuse_metadata_address
from hotgate.config.notation import refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Form, given
from hotgate.identity.providers import PROVIDERS
from hotgate.identity.tokens.accepted_issuers import TENANT, AcceptedIssuers
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation
from hotgate.policies.tokens.claim_settings import ClaimSettings, OneOrMore, Text, listed

_HOST = r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
_Host = Annotated[str, Form(_HOST, "use a host name in lower case, without https:// and path")]
_Tenant = Annotated[
    str,
    Form(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "use tenant ids in lower case, such as 72f988bf-86f1-41af-91ab-2d7cd011db47",
    ),
]
_UserPool = Annotated[
    str, Form(r"[a-z]{2}(-[a-z]+)+-[0-9]_[A-Za-z0-9]{1,55}", "use the id of a user pool, such as eu-west-1_AbCdEf123")
]
_MANY = Field(min_length=1, max_length=1000)
_SOURCES = ("jwks_url", "jwks_file", "discovery_url", "secret")
_KEYS_OF_PRESETS = ("domain", "authorization_server", "user_pool", "token_use", "token_version", "hosted_domain")
_LISTS = ("issuer", "audience", "tenants", "hosted_domain")
_OLD_KEYS = {"subject_claim": "subject", "scopes_claim": "scopes", "roles_claim": "roles"}


class IssuerSettings(ClaimSettings):
    """What a preset can fill."""

    issuer: OneOrMore = Field(
        default=(),
        description="What `iss` must be, character by character; a list for an issuer with several names. `{tenantid}` "
        "stands for one of `tenants`.",
    )
    jwks_url: HttpsUrl | None = Field(
        default=None,
        description="Where the issuer publishes its keys (https). Not set: it is found by discovery.",
    )


class ProviderSettings(IssuerSettings):
    """Whose tokens, for whom, and where the keys are."""

    provider: Literal["auth0", "cognito", "entra", "google", "keycloak", "okta"] | None = Field(
        default=None,
        description="A preset for this provider's tokens. Keys of the entry override it; what it demands of a token is "
        "demanded besides `required_claims` and `claim_values` of the entry.",
    )
    domain: _Host | None = Field(default=None, description="Okta, Auth0: the host, such as acme.okta.com.")
    authorization_server: Annotated[str, Form(r"[A-Za-z0-9_-]{1,64}", "use its id")] | None = Field(
        default=None,
        description="Okta: the id of a custom authorization server, or `org` for ID tokens of the organization's own. "
        "Not set: `default`.",
    )
    user_pool: _UserPool | None = Field(
        default=None, description="Cognito: the id of the user pool, which begins with its region."
    )
    token_use: Literal["access", "id"] | None = Field(
        default=None, description="Cognito: which tokens are accepted. Not set: `access`."
    )
    tenants: Literal["any"] | Annotated[tuple[_Tenant, ...], _MANY] | None = Field(
        default=None,
        description="Entra ID, and any `issuer` with `{tenantid}`: whose tokens are accepted, a list of tenant ids. "
        "`any` lets every organization in.",
    )
    token_version: Literal["1", "2"] | None = Field(
        default=None,
        description="Entra ID: the version of access tokens that the API registration asks for. Not set: `2`.",
    )
    hosted_domain: Literal["any"] | Annotated[tuple[_Host, ...], _MANY] | _Host | None = Field(
        default=None, description="Google: the Workspace domains whose members may come. `any` lets every account in."
    )
    audience: OneOrMore = Field(description="What `aud` must hold: a name, or a list of names of which one is enough.")
    jwks_file: Text | None = Field(
        default=None,
        description="A file with the issuer's keys (JWKS), relative to the folder of the main file. It must hold one "
        "when the gateway starts or reloads, and is watched: if it breaks later, the keys before stay.",
    )
    secret: Secret | None = Field(
        default=None,
        description="A secret shared with the issuer, for HS256 (32 bytes or more), HS384 (48) and HS512 (64), instead "
        "of keys: text, or a JWK of kind `oct`. Whoever can verify with it can also make tokens.",
    )
    discovery_url: HttpsUrl | None = Field(
        default=None,
        description="Where the issuer publishes its metadata, which must name the same issuer. Not set: "
        "`/.well-known/openid-configuration` below the issuer (OpenID Connect Discovery), or else RFC 8414.",
    )

    @model_validator(mode="before")
    @classmethod
    def _names_old_keys(cls, data: Any) -> Any:
        for old, new in _OLD_KEYS.items():
            if isinstance(data, dict) and old in data:
                raise refused(f"`{old}` is called `{new}` now")
        return data

    @model_validator(mode="after")
    def _filled_by_preset(self) -> Self:
        provider = None if self.provider is None else PROVIDERS[self.provider]
        taken = () if provider is None else (*provider.needs, *provider.takes)
        for name in given(self, _KEYS_OF_PRESETS):
            if name not in taken:
                raise refused(f"`{name}` is not for this provider" if provider else f"`{name}` goes with `provider`")
        if provider is None:
            return self
        for name in provider.needs:
            if not getattr(self, name):
                raise refused(f"this provider needs `{name}`")
        return self._merged(IssuerSettings.model_validate(self._expanded(taken)))

    @model_validator(mode="after")
    def _has_an_issuer_and_one_source_of_keys(self) -> Self:
        if not self.issuer:
            raise refused("give `issuer`, or a `provider`")
        sources = given(self, _SOURCES)
        if len(sources) > 1:
            raise refused(f"give only one of {', '.join(sources)}")
        if not sources and not self._can_be_discovered():
            raise refused("give jwks_url or jwks_file: keys are only found for one issuer that is an https:// address")
        if not sources:
            refuse_metadata_address(listed(self.issuer)[0])
        return self

    @model_validator(mode="after")
    def _tenants_stand_in_the_issuer(self) -> Self:
        is_template = any(TENANT in issuer for issuer in listed(self.issuer))
        if is_template != (self.tenants is not None):
            raise refused(f"`tenants` and {TENANT} in `issuer` go together")
        if is_template and len(listed(self.tenant)) != 1:
            raise refused(f"{TENANT} in `issuer` needs `tenant`: the one claim that names the same tenant")
        return self

    def accepted_issuers(self) -> AcceptedIssuers:
        """Whose tokens are accepted."""
        tenants = self.tenants or ()
        return AcceptedIssuers(listed(self.issuer), None if tenants == "any" else tenants, *listed(self.tenant)[:1])

    def dangers(self) -> Iterator[tuple[str, str, str]]:
        """Weak choices: key, what is wrong with it, what to do instead."""
        if self.tenants == "any":
            yield "tenants", "every organization in the world gets in", "list the tenants"
        if self.hosted_domain == "any" and not self.claim_values:
            yield "hosted_domain", "everybody with an account gets in", "name domains, or use `claim_values`"

    @property
    def key_locations(self) -> tuple[str, ...]:
        """Where keys are fetched from."""
        return (self.jwks_location,) if self.jwks_location else ()

    @property
    def jwks_location(self) -> str:
        """The address or the path of the keys, or where they are found; empty with a secret."""
        if self.secret is not None:
            return ""
        fixed = self.jwks_url or self.jwks_file
        return fixed or str(DiscoveryLocation(listed(self.issuer)[0], self.discovery_url))

    def _merged(self, preset: IssuerSettings) -> Self:
        """The preset's keys where the entry has none. What both demand of a token is demanded together: whoever asks
        for a verified address must not lose the check that keeps ID tokens out."""
        absent = preset.model_fields_set - self.model_fields_set
        if given(self, _SOURCES):
            absent.discard("jwks_url")
        filled = {name: getattr(preset, name) for name in absent}
        filled["required_claims"] = tuple(dict.fromkeys((*preset.required_claims, *self.required_claims)))
        filled["claim_values"] = {**preset.claim_values, **self.claim_values}
        return self.model_copy(update=filled)

    def _can_be_discovered(self) -> bool:
        issuers = listed(self.issuer)
        return len(issuers) == 1 and is_https_url(issuers[0]) and "?" not in issuers[0] and TENANT not in issuers[0]

    def _expanded(self, taken: tuple[str, ...]) -> dict[str, Any]:
        """The preset's keys as a file would write them."""
        provider = PROVIDERS[self.provider or ""]
        values = {name: getattr(self, name) for name in taken if getattr(self, name) is not None}
        plain = {name: listed(value) if name in _LISTS else value for name, value in values.items()}
        try:
            return provider.expand(**plain)
        except ValueError as error:
            raise refused(str(error)) from None
