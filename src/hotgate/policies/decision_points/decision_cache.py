"""Verdicts that are still believed, by digest of the question, within bounds."""

from collections import OrderedDict
from collections.abc import Callable

from hotgate.policies.decision_points.contract import Verdict

MAX_BYTES = 8 * 1024 * 1024  # of what verdicts hold: reasons, fields, bodies of refusals
_ENTRY = 200  # bytes that an entry takes besides


class DecisionCache:
    """allowed_for, denied_for: seconds. most: entries of each sort. clock: monotonic seconds.

    A flood of questions that are denied pushes out no permission, and the other way round.
    """

    def __init__(
        self,
        allowed_for: float,
        denied_for: float,
        most: int,
        clock: Callable[[], float],
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._seconds = {True: allowed_for, False: denied_for}
        self._most = most
        self._clock = clock
        self._max_bytes = max_bytes
        self._bytes = {True: 0, False: 0}
        self._kept: dict[bool, OrderedDict[bytes, tuple[float, Verdict]]] = {True: OrderedDict(), False: OrderedDict()}

    def get(self, key: bytes) -> Verdict | None:
        """What is known, if it is still believed."""
        for kept in self._kept.values():
            if key in kept:
                until, verdict = kept[key]
                if self._clock() < until:
                    return verdict
                self._drop(key, allowed=verdict.allowed)
        return None

    def put(self, key: bytes, verdict: Verdict, at_most: float) -> None:
        """Keep it, in place of what was known, for so many seconds at most, whatever the file says."""
        self._drop(key, allowed=True)
        self._drop(key, allowed=False)
        seconds = min(self._seconds[verdict.allowed], at_most)
        if seconds <= 0:
            return
        kept = self._kept[verdict.allowed]
        kept[key] = self._clock() + seconds, verdict
        self._bytes[verdict.allowed] += verdict.size + _ENTRY
        while len(kept) > self._most or self._bytes[verdict.allowed] > self._max_bytes:
            self._drop(next(iter(kept)), allowed=verdict.allowed)

    def __len__(self) -> int:
        return sum(map(len, self._kept.values()))

    def _drop(self, key: bytes, *, allowed: bool) -> None:
        if (entry := self._kept[allowed].pop(key, None)) is not None:
            self._bytes[allowed] -= entry[1].size + _ENTRY
