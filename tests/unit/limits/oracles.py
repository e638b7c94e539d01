"""What each kind of limit promises, by its definition and for one process: slow, simple, exact."""

import copy
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


class BucketOracle:
    """In any t seconds no more than capacity + rate * t, as the bucket from which every admitted request takes."""

    def __init__(self, limit: Limit, now: float) -> None:
        self._limit = limit
        self._level: float = limit.capacity
        self._at = now

    def use(self, tokens: int, now: float) -> None:
        self._level = self.level(now) - tokens

    def unuse(self, tokens: int, used_at: float) -> None:
        """What has refilled behind them is known only when the authority hears of it."""

    def put_back(self, tokens: int, now: float) -> None:
        self._level = min(self._limit.capacity, self.level(now) + tokens)

    def level(self, now: float) -> float:
        self._level = min(self._limit.capacity, self._level + (now - self._at) * self._limit.rate)
        self._at = now
        return self._level

    def copy(self) -> Self:
        return copy.copy(self)

    def follow(self, limit: Limit, now: float) -> None:
        level = self.level(now)
        self._level = level if level < 0 else level * limit.capacity / self._limit.capacity
        self._limit = limit


class WindowOracle:
    """In any window of that length no more than the quota."""

    def __init__(self, limit: Limit, now: float) -> None:
        self._limit = limit
        self._log: list[tuple[float, float]] = []

    def use(self, tokens: int, now: float) -> None:
        self._log.append((now, tokens))

    def unuse(self, tokens: int, used_at: float) -> None:
        self._log.append((used_at, -tokens))

    def put_back(self, tokens: int, now: float) -> None:
        """A window knows itself when they were used."""

    def level(self, now: float) -> float:
        return self._limit.quota - sum(tokens for time, tokens in self._log if time > now - self._limit.window)

    def copy(self) -> Self:
        other = copy.copy(self)
        other._log = list(self._log)
        return other

    def follow(self, limit: Limit, now: float) -> None:
        """In a window of the same length what was used stays used."""
        level = self.level(now)
        if limit.window != self._limit.window:
            level = level if level < 0 else level * limit.quota / self._limit.quota
            self._log = [(now, limit.quota - level)]
        self._limit = limit


def oracle(limit: Limit, now: float) -> Oracle:
    """The oracle of the limit's kind."""
    return BucketOracle(limit, now) if limit.bucket is TokenBucket else WindowOracle(limit, now)
