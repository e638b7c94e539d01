"""A key of a route that has one entry or a list of them: which of the two is there."""

from typing import Any


def one_or_several(value: Any) -> str:
    """The tag of the form, so that an error speaks of the one that was meant."""
    return "several" if isinstance(value, list | tuple) else "one"
