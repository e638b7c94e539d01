"""`identity: {guests: {anonymous: …}}`: whoever comes without any credential, as a caller with rights and a limit.

Named last in `authenticate`. Unlike `public: true`, a route with it still serves callers who can say who they are as
themselves, and a bad credential is refused: nobody becomes a guest by a mistake.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from hotgate.config.settings import Form, Settings
from hotgate.config.units import RateValue
from hotgate.identity.places.credential_source import CredentialSource
from hotgate.identity.principal import ANONYMOUS, Principal
from hotgate.limits.limit import Limit
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import MechanismSpec

_Text = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]
_Names = Annotated[tuple[_Text, ...], Field(max_length=256)]


class AnonymousSettings(Settings):
    """Callers without any credential. Name it last in `authenticate`."""

    subject: _Text = Field(default="anonymous", description="What backends and logs are told as the caller's name.")
    scopes: _Names = Field(default=(), description="The scopes that everybody has.")
    roles: _Names = Field(default=(), description="The roles that everybody has.")
    groups: _Names = Field(default=(), description="The groups that everybody is in.")
    rate_limit: RateValue | None = Field(
        default=None,
        description="Requests that each client address (the /64 of an IPv6 address) may make as a guest, on all routes"
        " together, besides the routes' own limits. Not set: as many as the routes allow.",
    )


class AnonymousAuthenticator:
    """Everybody is the same principal. It is asked when nothing else has found anything. limit: of each guest."""

    challenge = ""
    forwards_credential = False
    limits_callers = True
    sources: Sequence[CredentialSource] = ()

    def __init__(self, name: str, settings: AnonymousSettings) -> None:
        self.name = name
        rate = settings.rate_limit
        self.limit = None if rate is None else Limit(f"guests/{name}", name=name, quota=rate.count, window=rate.window)
        self._principal = Principal(
            settings.subject,
            provider=name,
            mechanism=ANONYMOUS,
            scopes=frozenset(settings.scopes),
            roles=frozenset(settings.roles),
            groups=frozenset(settings.groups),
            limit=self.limit,
        )

    def authenticate(self, exchange: Exchange) -> Principal:
        """The guest."""
        return self._principal


def compile_anonymous(name: str, settings: AnonymousSettings, services: Mapping[str, Any]) -> AnonymousAuthenticator:
    """The authenticator of one entry. services: "limits" are told of the guests' own."""
    authenticator = AnonymousAuthenticator(name, settings)
    if (limit := authenticator.limit) is not None:
        services.get("limits", {})[limit.scope] = limit
    return authenticator


MECHANISM = MechanismSpec(ANONYMOUS, AnonymousSettings, compile_anonymous)
