"""Whether more was admitted than a limit allows: judged one request after another, from what a backend has seen.

Between a client that sends and a backend that receives lies the moment at which a gateway has admitted. It is no
earlier than the one and no later than the other, and that is all that is known of it: only what the time on the way
cannot explain counts as too much. So nothing is found that is not there, and what is missed passes in that time.
"""

import heapq
import math


class WindowCheck:
    """Of a sliding window: no `seconds` may have more than `quota`. O(log quota) per request, memory of one window.

    fullest: the most in any window, ÷ quota. above: requests that came when a window was full.
    """

    def __init__(self, quota: int, seconds: float) -> None:
        self._quota = quota
        self._seconds = seconds
        self._sent: list[float] = []  # a heap: of those that may still be in a window with the next
        self._most = 0
        self.above = 0

    @property
    def fullest(self) -> float:
        return self._most / self._quota

    def admitted(self, sent: float, arrived: float) -> None:
        """A request reached the backend; both in seconds of one clock, in the order of arrival."""
        heapq.heappush(self._sent, sent)
        while self._sent[0] < arrived - self._seconds:
            heapq.heappop(self._sent)
        self._most = max(self._most, len(self._sent))
        self.above += len(self._sent) > self._quota


class BucketCheck:
    """Of a token bucket: no t seconds may have more than `capacity + rate * t`. O(1) per request.

    fullest: the most that an interval had beyond `rate * t`, ÷ capacity. above: requests that came when it was full.
    """

    def __init__(self, capacity: int, rate: float) -> None:
        self._capacity = capacity
        self._rate = rate
        self._level = 0.0  # what the worst interval that ends now has had beyond the rate
        self._last = -math.inf
        self._began = self._earliest = 0.0  # that interval: its first arrival, and when the first of it was sent
        self._most = 0.0
        self.above = 0

    @property
    def fullest(self) -> float:
        return self._most / self._capacity

    def admitted(self, sent: float, arrived: float) -> None:
        """As of a window."""
        self._level = max(0.0, self._level - (arrived - self._last) * self._rate)
        self._last = arrived
        if self._level == 0.0:
            self._began = self._earliest = arrived
        self._earliest = min(self._earliest, sent)
        self._level += 1
        certain = self._level - (self._began - self._earliest) * self._rate
        self._most = max(self._most, certain)
        self.above += certain > self._capacity
