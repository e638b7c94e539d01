"""OpenID AuthZEN, Authorization API 1.0: a decision point that speaks the standard."""

from typing import Literal

from pydantic import Field

from hotgate.config.cel_expression import CelExpression
from hotgate.config.decision_points.asked_service import ChangesHeaders, UrlPath
from hotgate.config.decision_points.expressions import EntityType, Expressions
from hotgate.config.settings import Settings


class AuthZenSubject(Settings):
    """Who wants to do something (section 5.1)."""

    type: EntityType = Field(default="user", description="The type, as it is.")
    id: CelExpression = Field(default="principal.subject", description="CEL: the id. Empty: denied without asking.")
    properties: Expressions = Field(default={}, description="Name and CEL expression of each property.")


class AuthZenAction(Settings):
    """What is to be done (section 5.3)."""

    name: CelExpression = Field(default="request.method", description="CEL: the name.")
    properties: Expressions = Field(default={}, description="Name and CEL expression of each property.")


class AuthZenResource(Settings):
    """What it is to be done with (section 5.2)."""

    type: EntityType = Field(default="route", description="The type, as it is.")
    id: CelExpression = Field(default="route.name", description="CEL: the id. Empty: denied without asking.")
    properties: Expressions = Field(
        default={"path": "request.path"}, description="Name and CEL expression of each property."
    )


class AuthZenQuestion(Settings):
    """Subject, action, resource and context of an access evaluation (section 6.1)."""

    subject: AuthZenSubject = Field(
        default=AuthZenSubject(properties={"provider": "principal.provider"}),
        description="Who. Not set: a user with the caller's name, and the provider that calls it so.",
    )
    action: AuthZenAction = Field(default=AuthZenAction(), description="What.")
    resource: AuthZenResource = Field(default=AuthZenResource(), description="With what.")
    context: Expressions = Field(default={}, description="Name and CEL expression of each member. Empty: none is sent.")


class AuthZen(ChangesHeaders):
    """OpenID AuthZEN Authorization API 1.0. Several questions of one route go in one call."""

    evaluation: UrlPath = Field(default="/access/v1/evaluation", description="Where one question is asked.")
    evaluations: UrlPath = Field(default="/access/v1/evaluations", description="Where several are asked at once.")
    evaluations_semantic: Literal["execute_all", "deny_on_first_deny"] = Field(
        default="execute_all",
        description="Whether the decision point answers every one of several questions, or stops at the first denial.",
    )
    ask: AuthZenQuestion = Field(default=AuthZenQuestion(), description="What is asked, unless a route says otherwise.")
