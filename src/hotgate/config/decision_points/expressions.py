"""CEL expressions as the file has them: text, which is compiled later."""

from typing import Annotated

from pydantic import Field

from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Form

_MAX_LENGTH = 4096  # characters, as of every expression


def _read(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise refused(
            "write a CEL expression as text, such as 'principal.subject'; text within it has quotes of its own"
        )
    if len(value) > _MAX_LENGTH:
        raise refused(f"an expression has at most {_MAX_LENGTH:,} characters")
    return value


Expression = Annotated[str, Notation(_read, {"type": "string", "minLength": 1, "maxLength": _MAX_LENGTH})]
Member = Annotated[str, Form(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", "use a name of letters, digits, '_', '.' and '-'")]
Expressions = Annotated[dict[Member, Expression], Field(max_length=64)]
EntityType = Annotated[
    str, Form(r"[A-Za-z_][A-Za-z0-9_:.-]{0,127}", "use the name of a type: letters, digits, '_', ':', '.' and '-'")
]
