"""Cedar, evaluated in the gateway itself: policies, schema and entities from files."""

from typing import Annotated

from pydantic import Field

from hotgate.config.cel_expression import CelExpression
from hotgate.config.decision_points.expressions import Expressions
from hotgate.config.secret import FileContent
from hotgate.config.settings import Form, Settings

_TYPE = r"[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*){0,8}"
CedarType = Annotated[str, Form(_TYPE, "use the name of a type, such as User or Shop::User")]


class CedarFile(FileContent):
    """The text of a file of policies, of a schema or of entities. Policies may say what nobody should read."""

    __slots__ = ()


class CedarEntity(Settings):
    """A principal or resource, as the policies see it."""

    type: CedarType = Field(description="The type, as it is.")
    id: CelExpression = Field(description="CEL: the id. Empty: denied.")
    attributes: Expressions = Field(
        default={},
        description="Name and CEL expression of each attribute. One that stands in `entities` too is denied.",
    )
    parents: dict[CedarType, CelExpression] = Field(
        default={},
        max_length=16,
        description="What it is in: a type of entity, and CEL for a list of ids, as `Role: principal.roles`.",
    )


class CedarPrincipal(CedarEntity):
    """Who wants to do something."""

    type: CedarType = Field(default="User", description="The type, as it is.")
    id: CelExpression = Field(default="principal.subject", description="CEL: the id. Empty: denied.")


class CedarResource(CedarEntity):
    """What it is to be done with."""

    type: CedarType = Field(default="Route", description="The type, as it is.")
    id: CelExpression = Field(default="route.name", description="CEL: the id. Empty: denied.")


class CedarAction(Settings):
    """What is to be done."""

    type: CedarType = Field(default="Action", description="The type, as it is.")
    id: CelExpression = Field(default="request.method", description="CEL: the id.")


class CedarQuestion(Settings):
    """Principal, action, resource and context of a request."""

    principal: CedarPrincipal = Field(default=CedarPrincipal(), description="Who.")
    action: CedarAction = Field(default=CedarAction(), description="What.")
    resource: CedarResource = Field(default=CedarResource(), description="With what.")
    context: Expressions = Field(default={}, description="Name and CEL expression of each member.")


class Cedar(Settings):
    """Cedar policies, evaluated in the worker. They are validated when the file is read."""

    policies: Annotated[tuple[CedarFile, ...], Field(min_length=1, max_length=64)] = Field(
        description="Files of policies; together at most 1,000 of them."
    )
    schema_: CedarFile = Field(
        alias="schema", description="The file of the schema, in Cedar's own notation or JSON. Policies must fit it."
    )
    entities: CedarFile | None = Field(
        default=None,
        description="A JSON file of entities: at most 10,000, or 1,000 where the questions bring `attributes` or"
        " `parents`. Not set: none.",
    )
    ask: CedarQuestion = Field(default=CedarQuestion(), description="What is asked, unless a route says otherwise.")
