"""What an unquoted YAML scalar means: the core schema of YAML 1.2 (§10.3.2) and nothing more.

So `on`, `off`, `yes` and `no` are text, `1:30` is text, `2024-01-01` is text, and `010` is ten.
"""

import math
import re

_CONSTANTS: dict[str, bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_CONSTANTS |= dict.fromkeys(("true", "True", "TRUE"), True)
_CONSTANTS |= dict.fromkeys(("false", "False", "FALSE"), False)

_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_NUMBER = 40

Scalar = str | int | float | bool | None


def resolve(text: str) -> Scalar:
    """The value of a plain scalar. Raises ValueError for a number that is not finite or is too long."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START:
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("a number must be finite")
    if _PREFIXED.fullmatch(text):
        return int(_short(text), 0)
    if _INTEGER.fullmatch(text):
        return int(_short(text))
    return _finite(float(_short(text))) if _FLOAT.fullmatch(text) else text


def _short(text: str) -> str:
    # int() takes quadratic time, and refuses 4,300 digits with an error of its own.
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("the number has too many digits")
    return text


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("a number must be finite")
    return number
