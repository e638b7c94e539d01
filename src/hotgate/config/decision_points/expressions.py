"""Parts of questions: named expressions, and types of what they are about."""

from typing import Annotated

from pydantic import Field

from hotgate.config.cel_expression import CelExpression
from hotgate.config.settings import Form

Member = Annotated[str, Form(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", "use a name of letters, digits, '_', '.' and '-'")]
Expressions = Annotated[dict[Member, CelExpression], Field(max_length=64)]
EntityType = Annotated[
    str, Form(r"[A-Za-z_][A-Za-z0-9_:.-]{0,127}", "use the name of a type: letters, digits, '_', ':', '.' and '-'")
]
