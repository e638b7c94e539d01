"""The keys of an oidc entry that say who the provider is and where it answers."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from hotgate.config.https_url import HttpsUrl, refuse_metadata_address
from hotgate.config.notation import refused
from hotgate.config.oauth_client import OAuthClient
from hotgate.config.settings import Flag, Settings, given
from hotgate.config.units import DurationBetween
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation
from hotgate.identity.verification_keys.signature_algorithm import PublicKeyAlgorithm
from hotgate.policies.tokens.claim_settings import Text

_KEYS = ("jwks_url", "jwks_file")


class OidcEndpoints(Settings):
    """Addresses of a provider: instead of what its metadata says, or where it has none."""

    authorization: HttpsUrl | None = Field(default=None, description="Where browsers are sent to log in.")
    token: HttpsUrl | None = Field(default=None, description="Where a code is exchanged for tokens.")
    userinfo: HttpsUrl | None = Field(default=None, description="Where `userinfo` asks.")
    pushed: HttpsUrl | None = Field(default=None, description="Where requests are pushed to (RFC 9126).")
    revocation: HttpsUrl | None = Field(default=None, description="Where tokens are revoked at logout (RFC 7009).")
    end_session: HttpsUrl | None = Field(default=None, description="Where browsers are sent to log out.")
    names_itself: Flag | None = Field(
        default=None,
        description="Whether the provider names itself in what it sends back (`iss`, RFC 9207): if so, an answer "
        "without it is refused. Not set: as its metadata says.",
    )

    @property
    def are_complete(self) -> bool:
        """Whether a login needs no metadata."""
        return self.authorization is not None and self.token is not None

    @model_validator(mode="after")
    def _names_both_or_none(self) -> Self:
        if (self.authorization is None) != (self.token is None):
            raise refused("`authorization` and `token` come together: a code of one provider is for nobody else")
        return self


class OidcProvider(Settings):
    """Who the provider is, and who the gateway is to it."""

    issuer: HttpsUrl = Field(description="The provider: what its metadata and its ID tokens call it, exactly.")
    client: OAuthClient = Field(description="The gateway as a client of the provider.")
    discovery_url: HttpsUrl | None = Field(
        default=None,
        description="Where the provider publishes its metadata. Not set: `/.well-known/openid-configuration` below "
        "the issuer, or else as RFC 8414 says.",
    )
    endpoints: OidcEndpoints = Field(
        default=OidcEndpoints(),
        description="Addresses that count instead of those in the metadata. With `authorization`, `token` and keys "
        "no metadata is read.",
    )
    jwks_url: HttpsUrl | None = Field(
        default=None, description="Where the provider publishes its keys. Not set: as its metadata says."
    )
    jwks_file: Text | None = Field(default=None, description="A file with the provider's keys instead, as for `jwt`.")
    algorithms: Annotated[tuple[PublicKeyAlgorithm, ...], Field(min_length=1)] = Field(
        default=("RS256", "ES256"),
        description="The only signature algorithms of ID tokens that are accepted. None of them works with a secret.",
    )
    leeway: Annotated[float, DurationBetween("0s", "5m")] = Field(
        default=30.0, description="By how much the provider's clock may differ."
    )

    @model_validator(mode="after")
    def _has_one_source_of_keys(self) -> Self:
        if len(given(self, _KEYS)) > 1:
            raise refused("give only one of jwks_url and jwks_file")
        refuse_metadata_address(self.issuer)
        if "?" in self.issuer:
            raise refused("issuer: it has no query (OpenID Connect Discovery)")
        return self

    @property
    def key_locations(self) -> tuple[str, ...]:
        """Where verification keys come from."""
        return (self.jwks_location,)

    @property
    def jwks_location(self) -> str:
        """The address or the path of the keys, or where they are found."""
        return self.jwks_url or self.jwks_file or str(self.metadata_location)

    @property
    def metadata_location(self) -> DiscoveryLocation:
        """Where the metadata stands."""
        return DiscoveryLocation(self.issuer, self.discovery_url)

    @property
    def needs_metadata(self) -> bool:
        """Whether nothing works without metadata."""
        return not self.endpoints.are_complete
