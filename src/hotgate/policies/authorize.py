"""`authorize: {scopes: [...], roles: [...], acr: [...], …}`: what a known caller must have, and have proved."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.decision_points.decide import Decide
from hotgate.config.notation import refused
from hotgate.config.settings import Form, Settings
from hotgate.config.units import DurationBetween
from hotgate.http.response import Response
from hotgate.identity.challenge import credential_missing
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import Authenticator, CompileContext, PhasedStep, PolicySpec
from hotgate.pipeline.route import Outcome
from hotgate.policies.decision_points.decide import compile_decide
from hotgate.policies.step_up import Demand, StepsUp, insufficient, never_sufficient

# RFC 6749 §3.3; with it the scopes fit into a quoted string of WWW-Authenticate as they are.
_Scope = Annotated[str, Form(r"[!#-\[\]-~]{1,256}", "use a scope of visible ASCII without quotes and backslashes")]
_Scopes = Annotated[tuple[_Scope, ...], Field(max_length=64)]
_Name = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]

_Names = Annotated[tuple[_Name, ...], Field(max_length=64)]

_OF_TOKENS = ("Bearer ", "DPoP ")


class AuthorizeSettings(Settings):
    """All the keys that are given must be fulfilled."""

    scopes: _Scopes = Field(default=(), description="Scopes that the caller must have, all of them.")
    any_scope: _Scopes = Field(default=(), description="Scopes of which the caller must have at least one.")
    roles: _Names = Field(default=(), description="Roles of which the caller must have at least one.")
    groups: _Names = Field(default=(), description="Groups of which the caller must be in at least one.")
    acr: Annotated[tuple[_Scope, ...], Field(max_length=16)] = Field(
        default=(),
        description="How the user must have logged in: `acr` of the token or session must be one of these, best first. "
        "A browser is sent to log in so; other callers are told what is lacking (RFC 9470).",
    )
    max_age: Annotated[float, DurationBetween("1m", "30d")] | None = Field(
        default=None, description="How long ago the user may have logged in (`auth_time`), likewise."
    )

    decide: Decide = Field(
        default=(),
        description="Decision points (`authorization.decision_points`) that must all allow it: names, or mappings of"
        " `point` and what is asked otherwise (`ask`).",
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> "AuthorizeSettings":
        if not (self.scopes or self.any_scope or self.roles or self.groups or self.demand or self.decide):
            raise refused("give scopes, any_scope, roles, groups, acr, max_age or decide; else everybody would pass")
        return self

    @property
    def demand(self) -> Demand | None:
        """`acr` and `max_age`; None if neither is given."""
        return Demand(self.acr, self.max_age) if self.acr or self.max_age is not None else None


class Authorization:
    """The compiled step. Fails closed: who is not authenticated is not authorized."""

    def __init__(self, settings: AuthorizeSettings) -> None:
        self._all_scopes = frozenset(settings.scopes)
        self._any_scope = frozenset(settings.any_scope)
        self._roles = frozenset(settings.roles)
        self._groups = frozenset(settings.groups)
        scopes = " ".join(dict.fromkeys((*settings.scopes, *settings.any_scope)))
        self._challenge = f'Bearer error="insufficient_scope", scope="{scopes}"'

    def __call__(self, exchange: Exchange) -> Outcome:
        principal = exchange.principal
        if principal is None:
            return credential_missing(['Bearer realm="hotgate"'])
        scopes = principal.scopes
        if not self._all_scopes <= scopes or (self._any_scope and self._any_scope.isdisjoint(scopes)):
            return self._insufficient_scope()
        if self._roles and self._roles.isdisjoint(principal.roles):
            return Response.problem(403, code="forbidden", detail="Your role does not allow this.")
        if self._groups and self._groups.isdisjoint(principal.groups):
            return Response.problem(403, code="forbidden", detail="None of your groups allows this.")
        return None

    def _insufficient_scope(self) -> Response:
        """RFC 6750 §3.1: the scopes that would do are no secret, a client needs them to ask for a better token."""
        return Response.problem(
            403,
            code="insufficient-scope",
            detail="The credential does not grant the scope that this needs.",
            headers={"www-authenticate": self._challenge},
        )


class StepUp:
    """The compiled step for `acr` and `max_age`. now: epoch seconds."""

    def __init__(self, demand: Demand, identities: Mapping[str, Authenticator], now: Callable[[], float]) -> None:
        self._demand = demand
        self._identities = identities
        self._now = now

    def __call__(self, exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        principal = exchange.principal
        if principal is not None and self._demand.is_met(principal, self._now()):
            return None
        return self._refused(exchange, principal)

    def _refused(self, exchange: Exchange, principal: Principal | None) -> Response | Awaitable[Response]:
        authenticator = None if principal is None else self._identities.get(principal.provider)
        if isinstance(authenticator, StepsUp):
            return authenticator.step_up(exchange, self._demand)
        challenge = "" if authenticator is None else authenticator.challenge
        # Tokens say how their user has logged in; a key or a certificate is nobody's login.
        return insufficient(challenge, self._demand) if challenge.startswith(_OF_TOKENS) else never_sufficient()


def compile_authorize(settings: AuthorizeSettings, context: CompileContext) -> list[PhasedStep]:
    """One step, or one more where it matters how the user has logged in."""
    steps: list[PhasedStep] = []
    if settings.scopes or settings.any_scope or settings.roles or settings.groups:
        steps.append(PhasedStep(Phase.AUTHORIZE, Authorization(settings)))
    if settings.demand is not None:
        now = context.services.get("wall_clock", time.time)
        steps.append(PhasedStep(Phase.AUTHORIZE, StepUp(settings.demand, context.identities, now)))
    steps += compile_decide(settings.decide, context)
    return steps


POLICY = PolicySpec("authorize", AuthorizeSettings, compile_authorize)
