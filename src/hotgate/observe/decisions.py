"""What decision points have said."""

from typing import Any

from hotgate.observe.label import count_new

MAX_KINDS = 4096  # pairs of a decision point and a result; the configuration names the one, the gateway the other


class Decisions:
    """made: by point and result, as "opa denied"."""

    __slots__ = ("made",)

    def __init__(self) -> None:
        self.made: dict[str, int] = {}

    def count(self, point: str, result: str) -> None:
        """One request."""
        count_new(self.made, f"{point} {result}", MAX_KINDS)

    def values(self) -> dict[str, Any]:
        """JSON types, for a report."""
        return {"decisions": dict(self.made)}
