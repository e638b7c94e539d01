"""When keys were last used, on its way to the store: bounded, the newest kept."""

from collections import OrderedDict
from collections.abc import Mapping

MAX_KEYS = 10_000


class LastUsed:
    """Counts once per key, however often it is used before it is taken."""

    __slots__ = ("_max_keys", "_used")

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._used: OrderedDict[str, float] = OrderedDict()  # the first of a plain dict is ever dearer to remove

    def note(self, key: str, now: float) -> None:
        """A key was used at `now` (epoch seconds)."""
        used = self._used
        if key in used:
            used.move_to_end(key)
        elif len(used) >= self._max_keys:
            used.popitem(last=False)  # whose use is longest ago
        used[key] = now

    def take(self) -> dict[str, float]:
        """Everything that was noted; it is forgotten here."""
        taken, self._used = self._used, OrderedDict()
        return taken

    def put_back(self, used: Mapping[str, float]) -> None:
        """Nobody could be told. What was used since is newer, and kept first."""
        newer, self._used = self._used, OrderedDict(list(used.items())[-self._max_keys :])
        for key, now in newer.items():
            self.note(key, now)
