"""Expressions in CEL as the file has them: text, which is compiled with the routes that use it."""

from typing import Annotated

from hotgate.config.notation import Notation, refused

MAX_EXPRESSION = 4096  # characters


def _read_expression(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise refused("write an expression in CEL, as text in quotes")
    if len(value) > MAX_EXPRESSION:
        raise refused(f"an expression has at most {MAX_EXPRESSION} characters")
    return value


CelExpression = Annotated[
    str, Notation(_read_expression, {"type": "string", "minLength": 1, "maxLength": MAX_EXPRESSION})
]
