"""JSON objects that every parser reads alike: RFC 8259 narrowed as I-JSON narrows it (RFC 7493 §2)."""

import json
from math import isfinite
from typing import Any

MAX_DEPTH = 16


def parse_object(text: bytes) -> dict[str, Any]:
    """The object in `text` (UTF-8). Raises ValueError for anything else.

    Refused: duplicate members (two parsers may pick different ones), NaN and infinities, lone surrogates, more than
    MAX_DEPTH levels. The caller bounds the size.
    """
    try:
        value = _DECODER.decode(text.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH:  # fewer cannot be nested more deeply
        _check_depth(value)
    if b"\\u" in text:
        _refuse_lone_surrogates(value)
    return value


def _object_without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(members)
    if len(result) != len(members):
        raise ValueError("a member is there twice")
    return result


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _check_depth(value: Any) -> None:
    """Level by level instead of by recursion: the depth is what is in doubt."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for container in level for child in _children(container)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _children(container: Any) -> list[Any]:
    values = container.values() if isinstance(container, dict) else container
    return [value for value in values if isinstance(value, (dict, list))]


def _refuse_lone_surrogates(value: dict[str, Any]) -> None:
    """`"\\ud800"` is valid JSON and no text: it would fail, or become `?`, wherever it is encoded later."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("a string is not Unicode text") from None


# Made once: `json.loads` would make one for each text, and that takes as long as to read a token's header.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object_without_duplicates, parse_constant=_refuse_constant, parse_float=_finite_float
)
