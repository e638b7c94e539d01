"""How long things took, as counts in fixed buckets."""

from bisect import bisect_left

BOUNDS: tuple[float, ...] = (
    *(0.0001, 0.00025, 0.0005),  # the gateway's own share of a request: tens to hundreds of microseconds
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),  # ordinary backends
    *(1.0, 2.5, 5.0, 10.0, 30.0),  # slow ones, up to the default time-out for an answer
)
"""Upper bounds in seconds, inclusive as in Prometheus. Steps of 2 to 2.5 keep a quantile's error below its size."""


class Histogram:
    """counts: one per bound and a last one for everything slower; not cumulative. seconds: the sum."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    def values(self) -> dict[str, list[int] | float]:
        """The counts and the sum, as JSON types."""
        return {"buckets": list(self.counts), "seconds": self.seconds}
