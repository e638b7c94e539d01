"""What the demo's provider remembers, each under a name that nobody guesses; the oldest make room."""

import secrets
from typing import Generic, TypeVar

_MOST = 100

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """In memory, and no more than a hundred."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}

    def add(self, value: Value) -> str:
        """Its name."""
        name = secrets.token_urlsafe(32)
        self._values[name] = value
        if len(self._values) > _MOST:
            del self._values[next(iter(self._values))]
        return name

    def get(self, name: str) -> Value | None:
        """What has this name."""
        return self._values.get(name)

    def pop(self, name: str) -> Value | None:
        """The same, for the last time."""
        return self._values.pop(name, None)
