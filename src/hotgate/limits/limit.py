"""What a limit is: its quota, window and burst, and the figures that follow from them."""

import math
from typing import Any

MAX_QUOTA = 10**12


class Limit:
    """One configured limit, immutable by convention.

    scope: whose buckets it uses; two limits of one scope share them. name: shown to clients. quota: requests per
    `window` seconds. burst: the capacity of a bucket, by default the quota. Raises ValueError.
    """

    __slots__ = (
        "capacity",
        "fill_time",
        "name",
        "quota",
        "rate",
        "scope",
        "seconds_per_token",
        "window",
        "window_seconds",
    )

    def __init__(
        self, scope: str, *, quota: int, window: float, burst: int | None = None, name: str | None = None
    ) -> None:
        capacity = quota if burst is None else burst
        if not (1 <= quota <= MAX_QUOTA and 1 <= capacity <= MAX_QUOTA and window > 0 and math.isfinite(window)):
            raise ValueError("a limit needs a quota, a burst and a window above zero")
        self.scope = scope
        self.name = scope if name is None else name
        self.quota = quota
        self.window = float(window)
        self.window_seconds = max(1, math.ceil(window))
        self.capacity = capacity
        self.rate = quota / window
        self.seconds_per_token = window / quota
        self.fill_time = capacity * self.seconds_per_token

    def definition(self) -> list[float]:
        """Quota, window and capacity, as messages carry them."""
        return [self.quota, self.window, self.capacity]

    @classmethod
    def from_definition(cls, scope: str, definition: Any) -> "Limit":
        """The limit that a message describes. Raises ValueError."""
        quota, window, capacity = definition
        return cls(scope, quota=int(quota), window=float(window), burst=int(capacity))

    def same_rate(self, other: "Limit") -> bool:
        """Whether buckets of the other limit need no change."""
        return self.rate == other.rate and self.capacity == other.capacity
