"""`authorize: {scopes: [...], any_scope: [...], roles: [...], groups: [...]}`: what a known caller must have."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Form, Settings
from hotgate.http.response import Response
from hotgate.identity.challenge import credential_missing
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec
from hotgate.pipeline.route import Outcome

# RFC 6749 §3.3; with it the scopes fit into a quoted string of WWW-Authenticate as they are.
_Scope = Annotated[str, Form(r"[!#-\[\]-~]{1,256}", "use a scope of visible ASCII without quotes and backslashes")]
_Scopes = Annotated[tuple[_Scope, ...], Field(max_length=64)]
_Name = Annotated[str, Form(r"[^\x00-\x1f\x7f]{1,256}", "use text of 1 to 256 characters")]

_Names = Annotated[tuple[_Name, ...], Field(max_length=64)]


class AuthorizeSettings(Settings):
    """All the keys that are given must be fulfilled."""

    scopes: _Scopes = Field(default=(), description="Scopes that the caller must have, all of them.")
    any_scope: _Scopes = Field(default=(), description="Scopes of which the caller must have at least one.")
    roles: _Names = Field(default=(), description="Roles of which the caller must have at least one.")
    groups: _Names = Field(default=(), description="Groups of which the caller must be in at least one.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "AuthorizeSettings":
        if not (self.scopes or self.any_scope or self.roles or self.groups):
            raise refused("give scopes, any_scope, roles or groups; without any of them everybody would pass")
        return self


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


def compile_authorize(settings: AuthorizeSettings, context: CompileContext) -> list[PhasedStep]:
    """One step; nothing of the context is needed."""
    return [PhasedStep(Phase.AUTHORIZE, Authorization(settings))]


POLICY = PolicySpec("authorize", AuthorizeSettings, compile_authorize)
