"""What every kind of limit has for each of its keys: so many tokens that can be taken now. One file per kind."""

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from hotgate.limits.limit import Limit
    from hotgate.limits.quotas.supplies import Supply


class Bucket(ABC):
    """Starts full unless it is said how full. Times are seconds that never go back, given by the caller.

    A token that was taken is out: with a worker, which may still spend it. Later it is `returned` or `spent`. What was
    `charged` was used without having been taken; what is `refunded` was spent and comes back. Both may happen at any
    time, so the level may be below zero: then the key is in debt.

    limit: what it follows. level: tokens that can be taken, as of the last `refill`.
    """

    KIND: ClassVar[str]
    IS_AGELESS: ClassVar[bool] = False  # it makes no difference when a token was spent that comes back
    ALONE: ClassVar[float]  # of its share, what a worker without an authority may hold or gain in a window
    FIRST_FETCH: ClassVar[int] = 32  # tokens that a worker wants at first, beyond those that it needs

    __slots__ = ("level", "limit")

    @abstractmethod
    def __init__(self, limit: "Limit", now: float, level: float | None = None) -> None:
        self.limit = limit
        self.level: float = limit.capacity

    @staticmethod
    @abstractmethod
    def seconds_to_fill(limit: "Limit", tokens: float) -> float:
        """After how long the use of so many tokens is forgotten."""

    @staticmethod
    @abstractmethod
    def refilled_in(limit: "Limit", seconds: float) -> float:
        """The level that a bucket surely has that was empty so many seconds ago, if nobody took any since."""

    @staticmethod
    @abstractmethod
    def alone_after(limit: "Limit") -> float:
        """Seconds without an authority until what was admitted before does not count any more."""

    @abstractmethod
    def refill(self, now: float, out: float = 0.0, reserved: float = 0.0) -> None:
        """Add what is due by `now`. `out` tokens are out; `reserved` more are kept free for workers out of reach."""

    @abstractmethod
    def take(self, tokens: int) -> bool:
        """Take whole tokens out, or nothing at all."""

    @abstractmethod
    def returned(self, tokens: int) -> None:
        """Tokens that were out and were not spent."""

    @abstractmethod
    def spent(self, tokens: int) -> None:
        """Tokens that were out and will not come back."""

    @abstractmethod
    def charged(self, tokens: int) -> None:
        """Tokens that were used, whether they were there or not."""

    @abstractmethod
    def refunded(self, tokens: int, age: float) -> None:
        """Tokens that were spent, at most `age` seconds ago, and not used after all."""

    def used_alone(self, tokens: int) -> None:
        """A worker out of reach has used them, as far as they had not been kept from flowing in here."""
        self.lower(max(0.0, self.level - tokens))

    def used_unseen(self, tokens: float) -> None:
        """So many of those that were kept free may have been used. Most kinds never count them as there again."""
        return

    @abstractmethod
    def lower(self, level: float) -> None:
        """There are no more tokens than so many."""

    def heed(self, other: "Bucket") -> None:
        """At no time from now on are there more tokens than in the other bucket of the same limit."""
        self.lower(other.level)

    @abstractmethod
    def seconds_until(self, tokens: float) -> float:
        """How long until there are so many tokens, if nobody takes any."""

    @abstractmethod
    def follow(self, limit: "Limit", now: float) -> "Bucket":
        """The bucket of a changed limit, as full as this one: the same object or another one."""

    @abstractmethod
    def is_full(self) -> bool:
        """Whether forgetting it forgets nothing, if no token is out."""

    @abstractmethod
    def reset(self) -> None:
        """Full again, but for what is out."""

    @property
    def is_known(self) -> bool:
        """Whether `remaining` is what there is; others may remember more of the key."""
        return True

    @property
    def remaining(self) -> float:
        """What is left, also where it must be fetched first."""
        return self.level

    def lasts(self) -> float:
        """For how many seconds a token that is taken now can be kept."""
        return math.inf

    def wanted(self, tokens: int) -> int:
        """How many to fetch from elsewhere, if there may be any, so that so many can be taken. 0 asks what is worth
        fetching ahead.
        """
        return 0

    def supplied(self, supply: "Supply") -> None:
        """What was fetched. A kind that never wants anything takes none: it stays counted where it came from."""
        return

    def unused(self) -> tuple[int, float]:
        """Tokens to bring back where they came from if this is forgotten, and when they end."""
        return 0, 0.0

    @staticmethod
    def level_of(limit: "Limit", before: "Limit", level: float) -> int:
        """The level of a bucket of `limit` that had one of `before`: as full in proportion; a debt stays what it is."""
        return math.floor(level if level < 0 else level * limit.capacity / before.capacity)

    def fullness(self) -> float:
        """From 0 to 1; below in debt."""
        return self.level / self.limit.capacity
