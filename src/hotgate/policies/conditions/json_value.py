"""What an expression evaluates to, as JSON: for questions that the gateway asks others."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from hotgate.policies.conditions.condition import ConditionFailed

_EXACT = 2**53  # integers beyond are not the same number to every reader of JSON (RFC 7493 §2.2)


def json_value(value: Any) -> Any:
    """JSON types; a time is text (RFC 3339), and so is a duration (`1.5s`). Raises ConditionFailed for anything else.

    value: of an Expression, whose depth and size CEL bounds.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return _exact(value)
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, list):
        return [json_value(item) for item in value]
    if isinstance(value, Mapping):
        return {_name(name): json_value(item) for name, item in value.items()}
    return _of_cel(value)


def _exact(value: int) -> int:
    if not -_EXACT <= value <= _EXACT:
        raise ConditionFailed("an integer is beyond 2^53")
    return value


def _finite(value: float) -> float:
    if not isfinite(value):
        raise ConditionFailed("a number is not finite")
    return value


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise ConditionFailed("a map has a key that is no text")
    return name


def _of_cel(value: Any) -> Any:
    """Times, and what CEL gives for the items of a map or list: readers of them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if hasattr(value, "value") and hasattr(value, "type"):
        inner = value.value()
        if inner is value or value.type().name() == "ERROR":
            raise ConditionFailed("an item of a map or list has no value")
        return json_value(inner)
    raise ConditionFailed(f"{type(value).__name__} is no JSON")
