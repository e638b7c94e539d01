"""What each kind of limit promises, by its definition and for one process: slow, simple, exact.

When a limit changes, as much of a bucket is used as before, in proportion. But an authority that died takes with it how
the limit was before; what it knew was used before it died, so the next one takes it for a bucket of the limit as it is
now that was empty then, and in which all since is known. That is what the limit as it is now promises by itself: in no
time since the change more is admitted than it allows. Each oracle keeps that second answer (`anew`): a bucket that was
empty at the last use before the change, which nobody's knowledge is older than. After a loss both answers are right.
"""

import copy
import math
from typing import Protocol, Self

from hotgate.limits.limit import Limit
from hotgate.limits.token_bucket import TokenBucket


class Oracle(Protocol):
    """Knows of everything at the moment when it happens."""

    def use(self, tokens: int, now: float) -> None:
        """They were admitted, or charged."""

    def unuse(self, tokens: int, used_at: float) -> None:
        """They were not used after all: somebody has just found out."""

    def put_back(self, tokens: int, now: float) -> None:
        """The authority has heard that they were not used, or knows nothing of their use."""

    def level(self, now: float) -> float:
        """What may still be admitted."""

    def copy(self) -> Self:
        """One with the same past."""

    def follow(self, limit: Limit, now: float) -> None:
        """The limit has changed to another of its kind: as much is used, in proportion; a debt stays what it is."""

    def forget_changes(self, now: float) -> None:
        """Somebody who does not know how the limit was before may have more than that."""


class BucketOracle:
    """In any t seconds no more than capacity + rate * t, as the bucket from which every admitted request takes."""

    def __init__(self, limit: Limit, at: float, level: float | None = None) -> None:
        self._limit = limit
        self._level: float = limit.capacity if level is None else level
        self._at = at
        self._used_at = -math.inf
        self._anew: BucketOracle | None = None

    def use(self, tokens: int, now: float) -> None:
        self._level = self.level(now) - tokens
        self._used_at = now
        if self._anew is not None:
            self._anew.use(tokens, now)

    def unuse(self, tokens: int, used_at: float) -> None:
        """What has refilled behind them is known only when the authority hears of it."""

    def put_back(self, tokens: int, now: float) -> None:
        self._level = min(self._limit.capacity, self.level(now) + tokens)
        if self._anew is not None:
            self._anew.put_back(tokens, now)

    def level(self, now: float) -> float:
        self._level = min(self._limit.capacity, self._level + (now - self._at) * self._limit.rate)
        self._at = now
        return self._level

    def copy(self) -> Self:
        other = copy.copy(self)
        other._anew = self._anew and self._anew.copy()
        return other

    def follow(self, limit: Limit, now: float) -> None:
        level = self.level(now)
        self._level = level if level < 0 else level * limit.capacity / self._limit.capacity
        self._limit = limit
        self._anew = BucketOracle(limit, self._used_at, level=0.0)

    def forget_changes(self, now: float) -> None:
        if self._anew is not None:
            self._level = max(self.level(now), self._anew.level(now))


class WindowOracle:
    """In any window of that length no more than the quota."""

    def __init__(self, limit: Limit, log: list[tuple[float, float]]) -> None:
        self._limit = limit
        self._log = log  # when, and how many
        self._anew: WindowOracle | None = None

    def use(self, tokens: int, now: float) -> None:
        self._log.append((now, tokens))
        if self._anew is not None:
            self._anew.use(tokens, now)

    def unuse(self, tokens: int, used_at: float) -> None:
        self.use(-tokens, used_at)

    def put_back(self, tokens: int, now: float) -> None:
        """A window knows itself when they were used."""

    def level(self, now: float) -> float:
        return self._limit.quota - sum(tokens for time, tokens in self._log if time > now - self._limit.window)

    def copy(self) -> Self:
        other = copy.copy(self)
        other._log = list(self._log)
        other._anew = self._anew and self._anew.copy()
        return other

    def follow(self, limit: Limit, now: float) -> None:
        """In a window of the same length what was used stays used."""
        level, used_at = self.level(now), max((time for time, _ in self._log), default=-math.inf)
        self._anew = WindowOracle(limit, [(used_at, limit.quota)])
        if limit.window != self._limit.window:
            level = level if level < 0 else level * limit.quota / self._limit.quota
            self._log = [(now, limit.quota - level)]
        self._limit = limit

    def forget_changes(self, now: float) -> None:
        if self._anew is not None and self._anew.level(now) > self.level(now):
            self._log = list(self._anew._log)


def oracle(limit: Limit, now: float) -> Oracle:
    """The oracle of the limit's kind."""
    return BucketOracle(limit, now) if limit.bucket is TokenBucket else WindowOracle(limit, [])
