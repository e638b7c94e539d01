"""How long something takes, told so that nobody who asks for it often can tell it alone."""

from statistics import median_low

_MAX_OWNERS = 256  # of one window; what more of them see says little more


class FairSamples:
    """Seconds of one window of time, by owner. count: of all of them."""

    __slots__ = ("_by_owner", "count")

    def __init__(self) -> None:
        self._by_owner: dict[str, tuple[int, float]] = {}
        self.count = 0

    def add(self, owner: str, seconds: float) -> None:
        """One more."""
        if owner not in self._by_owner and len(self._by_owner) >= _MAX_OWNERS:
            return
        count, total = self._by_owner.get(owner, (0, 0.0))
        self._by_owner[owner] = (count + 1, total + seconds)
        self.count += 1

    def value(self) -> float:
        """The median of the owners' averages, and the lower one of two: one of them with slow requests changes it
        little. Raises StatisticsError when there is none.
        """
        return median_low(total / count for count, total in self._by_owner.values())

    def clear(self) -> None:
        """Begin a new window."""
        self._by_owner.clear()
        self.count = 0
