"""The keys of a jwt entry that say which claims a token must have, and what they say about the caller."""

from typing import Annotated, TypeVar

from pydantic import Field, StrictBool

from hotgate.config.settings import Form, Settings
from hotgate.identity.tokens.claim_mapping import ClaimMapping, NamesFrom

T = TypeVar("T")

Text = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,1024}", "use text of 1 to 1,024 characters")]
OneOrMore = Text | Annotated[tuple[Text, ...], Field(min_length=1, max_length=32)]

CLIENT_CLAIMS = ("client_id", "azp")


class Names(Settings):
    """Names out of claims, changed on the way."""

    from_: OneOrMore = Field(alias="from", description="The claim, or several whose names are put together.")
    strip_prefix: Text | None = Field(default=None, description="What is taken away where a name begins with it.")
    map: Annotated[dict[Text, Text], Field(max_length=1000)] | None = Field(
        default=None, description="What each name becomes. A name that is not in it is left out."
    )


class CallerClaims(Settings):
    """Claims by name, or as a path with dots (`realm_access.roles`); names may hold dots themselves."""

    required_claims: Annotated[tuple[Text, ...], Field(max_length=32)] = Field(
        default=(), description="Claims that a token must have besides the issuer, the audience, `exp` and the subject."
    )
    claim_values: Annotated[dict[Text, StrictBool | OneOrMore], Field(max_length=32)] = Field(
        default={},
        description="Claims that must have a value, or one of a list: `{email_verified: true, hd: [acme.com]}`.",
    )
    subject: OneOrMore = Field(
        default="sub", description="The claim that names the caller; of several the first that is there."
    )
    scopes: OneOrMore | Names | None = Field(
        default=None,
        description="The claim with the scopes: text separated by spaces, or a list. Several claims are put together. "
        "Default: `scope`, or else `scp`.",
    )
    roles: OneOrMore | Names = Field(
        default="roles", description="The claim with the roles: a list, or one role. Several claims are put together."
    )
    groups: OneOrMore | Names = Field(default="groups", description="The claim with the groups, as for `roles`.")
    tenant: OneOrMore | None = Field(default=None, description="The claim that names the caller's organization.")
    tier: OneOrMore | None = Field(default=None, description="The claim that names the caller's plan.")

    @property
    def client_claims(self) -> tuple[str, ...]:
        """The claims that name the calling application; the first that is there counts."""
        return CLIENT_CLAIMS

    def mapping(self) -> ClaimMapping:
        """The same, as the verifier wants it."""
        return ClaimMapping(
            subject=listed(self.subject),
            scopes=None if self.scopes is None else _names(self.scopes),
            roles=_names(self.roles),
            groups=_names(self.groups),
            tenant=listed(self.tenant),
            client=self.client_claims,
            tier=listed(self.tier),
        )

    def allowed_values(self) -> tuple[tuple[str, tuple[str | bool, ...]], ...]:
        """`claim_values`, as the verifier wants them."""
        return tuple((name, listed(values)) for name, values in self.claim_values.items())


class MappedClaims(CallerClaims):
    """The same, and which claim names the audience."""

    audience_claim: Text = Field(
        default="aud",
        description="The claim that `audience` is compared with.",
    )


class ClaimSettings(MappedClaims):
    """The same, and which claim names the calling application."""

    client: OneOrMore = Field(
        default=CLIENT_CLAIMS,
        description="The claim that names the calling application; the first that is there.",
    )

    @property
    def client_claims(self) -> tuple[str, ...]:
        """The same as `client`, always several."""
        return listed(self.client)


def listed(value: T | tuple[T, ...] | None) -> tuple[T, ...]:
    """What may be written as one value, as several: always a tuple."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _names(value: str | tuple[str, ...] | Names) -> NamesFrom:
    if isinstance(value, Names):
        return NamesFrom(listed(value.from_), value.strip_prefix or "", value.map)
    return NamesFrom(listed(value))
