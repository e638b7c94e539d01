"""Durations, sizes and rates: text with a unit in the file, plain numbers in the model.

None of them accepts a bare number where a unit could be mistaken (seconds or milliseconds?), nor true, false or null.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from hotgate.config.notation import Notation, refused

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WINDOWS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}

# The lengths of the numbers are bounded so that no text, however long, becomes work for int() or float().
DURATION_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,6})?(ms|s|m|h|d)$"
SIZE_PATTERN = r"^[0-9]{1,15}(B|KB|MB|GB|KiB|MiB|GiB)?$"
RATE_PATTERN = r"^[0-9]{1,9}/(second|minute|hour|day|[0-9]{0,6}[smhd])$"

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)")
_SIZE = re.compile(r"([0-9]{1,15})(B|KB|MB|GB|KiB|MiB|GiB)?")
_RATE = re.compile(r"([0-9]{1,9})/(?:(second|minute|hour|day)|([0-9]{0,6})([smhd]))")

_LONGEST_WINDOW = 366 * 86400


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` requests in each `window` of so many seconds."""

    count: int
    window: float

    def __str__(self) -> str:
        return f"{self.count}/{duration_text(self.window)}"


def parse_duration(text: object) -> float:
    """Seconds from "250ms", "30s", "5m", "2h" or "1d". Raises PydanticCustomError."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise refused("write a duration with its unit (ms, s, m, h, d), such as 30s")
    # Rounded, so that 250 * 0.001 is the same float as 0.25; a microsecond is finer than any clock that is used here.
    return round(float(match[1]) * _SECONDS[match[2]], 6)


def parse_size(text: object) -> int:
    """Bytes from "512B", "64KiB", "10MB" or a whole number. Raises PydanticCustomError."""
    if isinstance(text, int) and not isinstance(text, bool) and text >= 0:
        return text
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise refused("write a size in bytes or with a unit (KB, MB, GB, KiB, MiB, GiB), such as 64KiB")
    return int(match[1]) * _BYTES[match[2] or "B"]


def parse_rate(text: object) -> Rate:
    """A Rate from "100/second" (minute, hour, day), "100/s" (m, h, d) or "100/10s". Raises PydanticCustomError."""
    match = _RATE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise refused("write a rate as count/window, such as 100/minute, 100/s or 100/10s")
    window = int(match[3] or 1) * _WINDOWS[match[2] or match[4]]
    if int(match[1]) < 1 or not 1 <= window <= _LONGEST_WINDOW:
        raise refused("a rate needs a count of at least 1 and a window from 1s to 366d")
    return Rate(int(match[1]), float(window))


def duration_text(seconds: float) -> str:
    """The shortest notation of a duration: 90.0 is "90s", 0.25 is "250ms"."""
    if seconds and seconds < 1:
        return f"{seconds * 1000:g}ms"
    unit = next((unit for unit in ("d", "h", "m") if seconds and seconds % _SECONDS[unit] == 0), "s")
    return f"{seconds / _SECONDS[unit]:g}{unit}"


def size_text(count: int) -> str:
    """The shortest notation of a size: 65536 is "64KiB"."""
    unit = next((unit for unit in ("GiB", "MiB", "KiB") if count and count % _BYTES[unit] == 0), "")
    return f"{count // _BYTES[unit]}{unit}" if unit else str(count)


class DurationBetween(Notation):
    """Metadata for a float field: seconds, written as a duration from `low` to `high` (both inclusive)."""

    def __init__(self, low: str, high: str) -> None:
        schema = {"type": "string", "pattern": DURATION_PATTERN, "$comment": f"duration, {low} to {high}"}
        super().__init__(self._read, schema, duration_text)
        self._low, self._high = parse_duration(low), parse_duration(high)
        self._says = f"must be from {low} to {high}"

    def _read(self, value: object) -> float:
        seconds = parse_duration(value)
        if not self._low <= seconds <= self._high:
            raise refused(self._says)
        return seconds


class SizeBetween(Notation):
    """Metadata for an int field: bytes, written as a size from `low` to `high` (both inclusive)."""

    def __init__(self, low: str, high: str) -> None:
        forms: list[Mapping[str, Any]] = [
            {"type": "string", "pattern": SIZE_PATTERN},
            {"type": "integer", "minimum": 0},
        ]
        super().__init__(self._read, {"anyOf": forms, "$comment": f"size, {low} to {high}"}, size_text)
        self._low, self._high = parse_size(low), parse_size(high)
        self._says = f"must be from {low} to {high}"

    def _read(self, value: object) -> int:
        size = parse_size(value)
        if not self._low <= size <= self._high:
            raise refused(self._says)
        return size


Duration = Annotated[float, DurationBetween("0s", "366d")]
Size = Annotated[int, SizeBetween("0", "1024GiB")]
RateValue = Annotated[Rate, Notation(parse_rate, {"type": "string", "pattern": RATE_PATTERN, "$comment": "rate"}, str)]
