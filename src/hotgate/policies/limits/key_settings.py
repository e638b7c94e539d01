"""`by:` of a limit, as the file says it: whose bucket a request is counted in."""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from hotgate.config.cel_expression import CelExpression
from hotgate.config.settings import Form, Settings

MAX_PARTS = 4  # of one key

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}"  # noqa: S105  (RFC 9110 §5.6.2)
_BY = rf"principal|consumer|group|address|route|header:{_TOKEN}|claim:[!-~]{{1,256}}|path:[A-Za-z_][A-Za-z0-9_]{{0,63}}"
_SAYS = "use principal, consumer, group, address, route, header:NAME, claim:NAME or path:NAME"

Kind = Annotated[str, Form(f"({_BY})", _SAYS)]


class KeyExpression(Settings):
    """Whose bucket it is, by an expression."""

    cel: CelExpression = Field(
        description="A CEL expression of text: each value has a bucket of its own. Fails: the principal's."
    )


def _kind_of_part(value: Any) -> str:
    return "expression" if isinstance(value, dict | KeyExpression) else "kind"


KeyPart = Annotated[
    Annotated[Kind, Tag("kind")] | Annotated[KeyExpression, Tag("expression")], Discriminator(_kind_of_part)
]


def _kind_of_by(value: Any) -> str:
    return "parts" if isinstance(value, list | tuple) else _kind_of_part(value)


By = Annotated[
    Annotated[Kind, Tag("kind")]
    | Annotated[KeyExpression, Tag("expression")]
    | Annotated[tuple[KeyPart, ...], Field(min_length=1, max_length=MAX_PARTS), Tag("parts")],
    Discriminator(_kind_of_by),
]
