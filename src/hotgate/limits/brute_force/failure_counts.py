"""How often something has failed lately: a leaky bucket for each key, in a table of bounded size."""

import math


class FailureCounts:
    """most: keys that are remembered; beyond, the one that has not failed for longest is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._levels: dict[str, tuple[float, float]] = {}  # level and when it was that; least recent first

    def add(self, key: str, failures: int, now: float, per_second: float) -> int:
        """The level after so many failures more, at `now` in seconds, rounded up. It falls by `per_second`.

        A success resets nothing: with one good credential of its own an attacker would try others for ever.
        """
        level, since = self._levels.pop(key, (0.0, now))
        level = max(0.0, level - (now - since) * per_second) + failures
        if len(self._levels) >= self._most:
            del self._levels[next(iter(self._levels))]
        self._levels[key] = level, now
        return math.ceil(round(level, 6))

    def forget(self, key: str) -> None:
        """Begin anew for a key."""
        self._levels.pop(key, None)

    def clear(self) -> None:
        """Begin anew for all."""
        self._levels.clear()

    def __len__(self) -> int:
        return len(self._levels)
