"""Shares: a percentage in the file, a number from 0.0 to 1.0 in the model."""

import re

from hotgate.config.notation import Notation, refused

_PATTERN = r"^[0-9]{1,3}%$"
_PERCENT = re.compile(r"([0-9]{1,3})%")


class PercentBetween(Notation):
    """Metadata for a float field: a share, written as whole percent from `low` to `high` (both inclusive)."""

    def __init__(self, low: int, high: int) -> None:
        schema = {"type": "string", "pattern": _PATTERN, "$comment": f"percentage, {low}% to {high}%"}
        super().__init__(self._read, schema, lambda share: f"{share * 100:g}%")
        self._low, self._high = low, high

    def _read(self, value: object) -> float:
        match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
        if match is None or not self._low <= int(match[1]) <= self._high:
            raise refused(f"write a percentage from {self._low}% to {self._high}%, such as 50%")
        return int(match[1]) / 100
