"""Latencies of millions of requests in bounded memory, each known to one percent."""

import math

_GROWTH = math.log(1.01)


class LatencyHistogram:
    """Seconds in, quantiles out. Buckets grow by one percent from a microsecond to over a minute."""

    def __init__(self) -> None:
        self._counts = [0] * 1900
        self.total = 0

    def add(self, seconds: float) -> None:
        """Count one latency."""
        bucket = int(math.log(max(seconds, 1e-6) * 1e6) / _GROWTH)
        self._counts[min(bucket, len(self._counts) - 1)] += 1
        self.total += 1

    def quantile(self, share: float) -> float:
        """Seconds below which so large a share of the latencies lies; 0 when there are none."""
        wanted = self.total * share
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return math.exp((bucket + 0.5) * _GROWTH) / 1e6
        return 0.0
