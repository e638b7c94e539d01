"""One thing that conditions may look at: its name, its CEL type, and how it is read from an exchange."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from hotgate.pipeline.exchange import Exchange

Read = Callable[[Exchange], Any]
ReadSome = Callable[[tuple[str, ...], Exchange], Any]


class Unreadable(ValueError):
    """An attribute has no one value in this request. The text says why, and nothing of the value."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """kind: a CEL type, as `list<string>`. read: gives it, or raises Unreadable. needs_body: of the request, whole.

    read_some: gives those members of a map that an expression names, where it names all that it looks at; what is not
    there is left out. members: what each may hold, by name, if no others may be named ("any": anything).
    is_sensitive: what it holds may be a credential or personal; explanations and logs mask it.
    """

    name: str
    kind: str
    read: Read
    description: str
    is_sensitive: bool = False
    needs_body: bool = False
    read_some: ReadSome | None = None
    members: Mapping[str, str] | None = None

    def reading(self, members: tuple[str, ...]) -> Read:
        """The reader for an expression that names these members alone."""
        return self.read if self.read_some is None else partial(self.read_some, members)
