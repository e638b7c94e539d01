"""Statuses of answers: `503`, `5xx` or `200-399` in the file."""

import re
from collections.abc import Iterable
from typing import Annotated, NamedTuple

from hotgate.config.notation import Notation, refused

_PATTERN = r"^([1-5][0-9]{2}(-[1-5][0-9]{2})?|[1-5]xx)$"
_RANGE = re.compile(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?|([1-5])xx")
_SAYS = "write a status such as 503, a class such as 5xx, or a range such as 200-399"


class StatusRange(NamedTuple):
    """Both inclusive."""

    low: int
    high: int

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


def parse_statuses(value: object) -> StatusRange:
    """A StatusRange. Raises PydanticCustomError."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    match = _RANGE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise refused(_SAYS)
    if match[3]:
        return StatusRange(int(match[3]) * 100, int(match[3]) * 100 + 99)
    found = StatusRange(int(match[1]), int(match[2] or match[1]))
    if found.low > found.high:
        raise refused(_SAYS)
    return found


def all_statuses(ranges: Iterable[StatusRange]) -> frozenset[int]:
    """Every status in any of them."""
    return frozenset(status for each in ranges for status in range(each.low, each.high + 1))


_FORMS = [{"type": "integer", "minimum": 100, "maximum": 599}, {"type": "string", "pattern": _PATTERN}]
Statuses = Annotated[
    StatusRange, Notation(parse_statuses, {"anyOf": _FORMS, "$comment": "status, `5xx` or `200-399`"}, str)
]
