"""What a limit is: its kind, quota, window and burst, and the figures that follow from them."""

import math
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from hotgate.limits.bucket import Bucket
from hotgate.limits.calendar import Calendar, calendar_of
from hotgate.limits.period_bucket import PeriodBucket
from hotgate.limits.sliding_window import SlidingWindow
from hotgate.limits.token_bucket import TokenBucket

MAX_QUOTA = 10**12
KINDS: dict[str, type[Bucket]] = {kind.KIND: kind for kind in (TokenBucket, SlidingWindow, PeriodBucket)}
_ONLY_KIND = TokenBucket.KIND  # that there was before definitions told it


class Limit:
    """One configured limit, immutable by convention.

    scope: whose buckets it uses; two limits of one scope share them. name: shown to clients. quota: requests per
    `window` seconds. burst: the capacity of a bucket, by default the quota; other kinds have no other. kind: one of
    KINDS. calendar: of a quota for a period, whose longest is `window`. Raises ValueError.
    """

    __slots__ = (
        "bucket",
        "calendar",
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
        self,
        scope: str,
        *,
        quota: int,
        window: float,
        burst: int | None = None,
        name: str | None = None,
        kind: str = TokenBucket.KIND,
        calendar: Calendar | None = None,
    ) -> None:
        capacity = quota if burst is None else burst
        if not (1 <= quota <= MAX_QUOTA and 1 <= capacity <= MAX_QUOTA and window > 0 and math.isfinite(window)):
            raise ValueError("a limit needs a quota, a burst and a window above zero")
        if kind not in KINDS or (kind != TokenBucket.KIND and capacity != quota):
            raise ValueError("the kind is unknown, or has no burst but the quota")
        if (kind == PeriodBucket.KIND) != (calendar is not None):
            raise ValueError("a quota for a period has a calendar, and nothing else has one")
        self.calendar = calendar
        self.scope = scope
        self.name = scope if name is None else name
        self.bucket = KINDS[kind]
        self.quota = quota
        self.window = float(window)
        self.window_seconds = max(1, math.ceil(window))
        self.capacity = capacity
        self.rate = quota / window
        self.seconds_per_token = window / quota
        self.fill_time = self.seconds_to_fill(capacity)

    def seconds_to_fill(self, tokens: float) -> float:
        """After how long the use of so many tokens is forgotten."""
        return self.bucket.seconds_to_fill(self, tokens)

    def definition(self) -> list[Any]:
        """Quota, window, capacity, kind and calendar, as messages carry them."""
        notation = "" if self.calendar is None else self.calendar.notation
        return [self.quota, self.window, self.capacity, self.bucket.KIND, notation]

    @classmethod
    def from_definition(cls, scope: str, definition: Any, now: Callable[[], float] = time.time) -> "Limit":
        """The limit that a message describes. now: for its calendar, seconds since the epoch. Raises ValueError.

        Workers of an older version, which an upgrade leaves behind, tell no kind: theirs are token buckets.
        """
        return _defined(scope, tuple(definition) if len(definition) > 3 else (*definition, _ONLY_KIND, ""), now)

    def is_like(self, other: "Limit") -> bool:
        """Whether buckets of the other limit need no change."""
        return self is other or self.definition() == other.definition()


@lru_cache(maxsize=4096)
def _defined(scope: str, definition: tuple[Any, ...], now: Callable[[], float]) -> Limit:
    """One for equal messages: a worker that has many callers sends the same definition thousands of times a second."""
    quota, window, capacity, kind, notation = definition
    return Limit(
        scope,
        quota=int(quota),
        window=float(window),
        burst=int(capacity),
        kind=str(kind),
        calendar=calendar_of(str(notation), now) if notation else None,
    )
