"""OpenFGA: checks of relationships (`check`, `batch-check`)."""

from typing import Annotated, Literal

from pydantic import Field

from hotgate.config.cel_expression import CelExpression
from hotgate.config.decision_points.asked_service import AskedService
from hotgate.config.decision_points.expressions import EntityType, Expressions
from hotgate.config.settings import Form, Settings

_ULID = Form(r"[0-9A-HJKMNP-TV-Z]{26}", "use the id as OpenFGA shows it: 26 digits and capital letters")


class Named(Settings):
    """Something with a type and an id, which OpenFGA writes as `type:id`."""

    type: EntityType = Field(description="The type, as it is.")
    id: CelExpression = Field(
        description="CEL: the id. Denied without asking: an empty one, and one with what OpenFGA reads as more than an"
        " id (`:`, `#`, `@`, `*`, spaces)."
    )


class Relationship(Settings):
    """That somebody has a relation to something."""

    user: Named = Field(default=Named(type="user", id="principal.subject"), description="Who.")
    relation: CelExpression = Field(description="CEL: the relation, such as `'\"reader\"'`.")
    object: Named = Field(description="To what.")


class OpenFgaQuestion(Settings):
    """Whether somebody has a relation to something."""

    user: Named = Field(default=Named(type="user", id="principal.subject"), description="Who.")
    relation: CelExpression | None = Field(default=None, description="CEL: the relation, such as `'\"reader\"'`.")
    object: Named | None = Field(default=None, description="To what.")
    contextual_tuples: Annotated[tuple[Relationship, ...], Field(max_length=20)] = Field(
        default=(), description="Relationships that hold for this question besides those in the store."
    )
    context: Expressions = Field(default={}, description="Name and CEL expression of what conditions look at.")


class OpenFga(AskedService):
    """An OpenFGA store. Several questions of one route go in one call."""

    store: Annotated[str, _ULID] = Field(description="The id of the store.")
    authorization_model_id: Annotated[str, _ULID] | None = Field(
        default=None, description="The model that decides. Not set: the store's latest, whatever that is just then."
    )
    consistency: Literal["minimize_latency", "higher_consistency"] = Field(
        default="minimize_latency",
        description="Whether OpenFGA may answer from its cache, or must look at what was written last.",
    )
    ask: OpenFgaQuestion = Field(
        default=OpenFgaQuestion(),
        description="What is asked, unless a route says otherwise: at least one of both must"
        " give `relation` and `object`.",
    )
