"""How a caller must have been authenticated (RFC 9470): `acr` and `max_age` under `authorize`."""

from collections.abc import Awaitable
from typing import NamedTuple, Protocol, runtime_checkable

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange

CODE = "insufficient-user-authentication"
_DETAIL = "This needs a stronger or more recent authentication of the user."
_CLOCKS = 30.0  # seconds by which the provider's clock may be ahead


class Demand(NamedTuple):
    """acr: authentication context classes of which one must be reached; empty: any. max_age: seconds, or None."""

    acr: tuple[str, ...]
    max_age: float | None

    def is_met(self, principal: Principal, now: float) -> bool:
        """Whether the claims say so. now: epoch seconds."""
        claims = principal.claims
        if self.acr and claims.get("acr") not in self.acr:
            return False
        if self.max_age is None:
            return True
        at = claims.get("auth_time")
        if not isinstance(at, int | float) or isinstance(at, bool):
            return False
        return now - self.max_age < at <= now + _CLOCKS

    @property
    def parameters(self) -> str:
        """Those of the challenge (RFC 9470 §3)."""
        parts = ['error="insufficient_user_authentication"', f'error_description="{_DETAIL}"']
        if self.acr:
            parts.append(f'acr_values="{" ".join(self.acr)}"')
        if self.max_age is not None:
            parts.append(f'max_age="{self.max_age:.0f}"')
        return ", ".join(parts)


@runtime_checkable
class StepsUp(Protocol):
    """An authenticator that can have its callers authenticated anew."""

    def step_up(self, exchange: Exchange, demand: Demand) -> Response | Awaitable[Response]: ...


def insufficient(challenge: str, demand: Demand) -> Response:
    """401: with another authentication the same request may pass. challenge: of the caller's mechanism."""
    fields = {"www-authenticate": f"{challenge}, {demand.parameters}"}
    return Response.problem(401, code=CODE, detail=_DETAIL, headers=fields)


def never_sufficient() -> Response:
    """403 for credentials that say nothing of how a user was authenticated, such as API keys."""
    return Response.problem(403, code=CODE, detail=_DETAIL)
