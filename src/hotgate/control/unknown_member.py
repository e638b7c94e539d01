"""What is said of a member that no model has: its name, and which one was perhaps meant."""

from functools import cache

from pydantic import BaseModel

from hotgate.config.known_keys import KnownKeys
from hotgate.config.position import Path

_LONGEST_NAME = 100


def unknown_member(model: type[BaseModel], path: Path) -> str:
    """path: where it is in the input."""
    hint = _known_keys(model).suggestion(path)
    return f"'{str(path[-1])[:_LONGEST_NAME]}' is not known" + (f"; {hint}" if hint else "")


@cache  # there are as many as there are operations
def _known_keys(model: type[BaseModel]) -> KnownKeys:
    return KnownKeys(model)
