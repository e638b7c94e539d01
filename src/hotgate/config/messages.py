"""Pydantic's errors in words that say what to do. No message repeats a value of the file."""

from typing import Any

from hotgate.config.notation import REFUSED

_WORDS = {
    "missing": "key '{key}' is missing",
    "string_type": "must be text; quote it",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "dict_type": "must be a mapping",
    "mapping_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "none_required": "must be null",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "too_short": "needs {min_length} or more entries",
    "too_long": "may have at most {max_length} entries",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be finite",
}
_FREE_TEXT = frozenset({"value_error", "assertion_error"})


def message_of(error: Any, variable: str) -> str:
    """The message for one item of `ValidationError.errors()`.

    variable: the environment variable that the refused value was filled from, or "". What a validator of a policy
    says may repeat parts of such a value, so its text is only shown without one.
    """
    kind: str = error["type"]
    context: dict[str, Any] = error.get("ctx", {})
    if kind == REFUSED:
        return str(context["message"])
    if kind in _FREE_TEXT:
        return _withheld(variable) if variable else str(context["error"])
    if kind in _WORDS:
        return _WORDS[kind].format(key=error["loc"][-1] if error["loc"] else "", **context)
    return _withheld(variable) if variable else str(error["msg"])


def _withheld(variable: str) -> str:
    return f"is not valid; the reason is not shown, because it could show the value of {variable}"
