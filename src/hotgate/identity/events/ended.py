"""What an event ends, in the words of tokens and sessions."""

from typing import Literal, NamedTuple

EndedKind = Literal["sub", "email", "sid", "jti", "client"]


class Ended(NamedTuple):
    """kind: which claim `value` is of. before: only what was issued earlier (epoch seconds); None: all of it."""

    kind: EndedKind
    value: str
    before: float | None
