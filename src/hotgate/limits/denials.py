"""Who is limited: the keys that were denied tokens lately, and since when."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

MAX_DENIALS = 10_000
QUIET = 10.0  # seconds without a denial after which a key that has tokens is no longer limited


@dataclass(slots=True)
class Denial:
    """since: the first of a series of denials. last: the latest one. cost: what that one asked for."""

    since: float
    last: float
    cost: int


class Denials:
    """By scope and key, the most recent last. Bounded: beyond MAX_DENIALS the one denied longest ago is forgotten."""

    def __init__(self) -> None:
        self._denials: OrderedDict[tuple[str, str], Denial] = OrderedDict()

    def add(self, scope: str, key: str, cost: int, now: float) -> None:
        """A request was denied."""
        denial = self._denials.setdefault((scope, key), Denial(now, now, cost))
        if now - denial.last > QUIET:
            denial.since = now
        denial.last, denial.cost = now, cost
        self._denials.move_to_end((scope, key))
        if len(self._denials) > MAX_DENIALS:
            self._denials.popitem(last=False)

    def forget(self, scope: str, key: str) -> None:
        """The key is no longer limited."""
        self._denials.pop((scope, key), None)

    def get(self, scope: str, key: str) -> Denial | None:
        """The series of denials of one key, if there is one."""
        return self._denials.get((scope, key))

    def latest(self) -> Iterator[tuple[str, str, Denial]]:
        """All, the most recent first. Keys may be forgotten meanwhile."""
        for scope, key in reversed(list(self._denials)):
            if (denial := self._denials.get((scope, key))) is not None:
                yield scope, key, denial

    def __len__(self) -> int:
        return len(self._denials)
