"""A quota for a period of the calendar: tokens of which others keep count, and that were counted before they came.

Nothing flows in here. A part of what is left is fetched, lent, and followed by the next part. All of it ends with its
period; what is still out then counts for the next one as well, for it may be spent there.
"""

import math
from typing import TYPE_CHECKING

from hotgate.limits.bucket import Bucket

if TYPE_CHECKING:
    from hotgate.limits.limit import Limit
    from hotgate.limits.quotas.calendar import Calendar
    from hotgate.limits.quotas.supplies import Supply

# A fiftieth of what is left is fetched at once, of a small quota a fifth but not more than 10: so much is lost for the
# period if all processes are killed, and so few requests cost a write.
PART = 50
SMALL_PART = 5
_SMALL = 10
BELIEVED = 60.0  # seconds for which nothing is asked for once there is nothing left; another node may return some


class PeriodBucket(Bucket):
    """level: tokens that were fetched and can be lent. Below zero, so many are out that belong to the period before."""

    KIND = "period"
    ALONE = 0.0
    FIRST_FETCH = 8  # what dies with a worker is lost for the whole period

    __slots__ = ("_asked", "_ends", "_left", "_out", "_spent")

    def __init__(self, limit: "Limit", now: float, level: float | None = None) -> None:
        super().__init__(limit, now)
        self.level = 0
        self._left: int | None = None  # beyond the level; None when that is not known
        self._asked = 0.0
        self._ends = 0.0
        self._out: float = 0
        self._spent = 0

    @staticmethod
    def seconds_to_fill(limit: "Limit", tokens: float) -> float:
        """Others remember."""
        return 0.0

    @staticmethod
    def refilled_in(limit: "Limit", seconds: float) -> float:
        """Nothing flows in."""
        return 0.0

    @staticmethod
    def alone_after(limit: "Limit") -> float:
        """There is no share of it, so never."""
        return limit.window

    @property
    def is_known(self) -> bool:
        """Whether anything was fetched of the period that is under way."""
        return self._left is not None

    @property
    def remaining(self) -> float:
        """With what can be fetched."""
        return self.level + (self.limit.quota if self._left is None else self._left)

    def refill(self, now: float, out: float = 0.0, reserved: float = 0.0) -> None:
        """Forget a period that is over."""
        self._out = out
        if self._ends and self._calendar.now() >= self._ends:
            self.reset()

    def take(self, tokens: int) -> bool:
        """From what was fetched."""
        if tokens > self.level:
            return False
        self.level -= tokens
        self._out += tokens
        return True

    def returned(self, tokens: int) -> None:
        """They can be lent again."""
        self.level += tokens
        self._out -= tokens

    def spent(self, tokens: int) -> None:
        """They were counted when they were fetched."""
        self._out -= tokens
        self._spent += tokens

    def charged(self, tokens: int) -> None:
        """The next part that is fetched pays for them."""
        self.level -= tokens

    def refunded(self, tokens: int, age: float) -> None:
        """As many as were spent in this period, for only these were counted in it."""
        begins = self._calendar.period(self._ends - 1)[0]
        tokens = min(tokens, self._spent) if self._calendar.now() - age >= begins else 0
        self._spent -= tokens
        self.level += tokens

    def lower(self, level: float) -> None:
        """What counts is what others remember."""

    def seconds_until(self, tokens: float) -> float:
        """The next period."""
        if self.level >= tokens:
            return 0.0
        return self.lasts() if self._ends else self._calendar.seconds_left()

    def lasts(self) -> float:
        """Until the period ends."""
        return max(0.0, (self._ends or math.inf) - self._calendar.now())

    def wanted(self, tokens: int) -> int:
        """What is lacking and a part to go on with; nothing if there is none left."""
        is_enough = self.level >= tokens and (tokens or self.level >= self._part() / 2)
        if is_enough or self._is_used_up:
            return 0
        return max(0, math.ceil(tokens - self.level)) + self._part()

    def supplied(self, supply: "Supply") -> None:
        """Add what came, of the same period or of the next one."""
        if supply.ends > self._ends:
            self.reset()
            self._ends = supply.ends
        if supply.ends == self._ends:
            self.level += supply.tokens
            self._left = supply.left
            self._asked = self._calendar.now()

    def unused(self) -> tuple[int, float]:
        """All that was fetched and is here."""
        return max(0, int(self.level)), self._ends

    def reset(self) -> None:
        """Begin anew with nothing, less what is out."""
        self.level = -self._out
        self._left = None
        self._ends = 0.0
        self._spent = 0

    def follow(self, limit: "Limit", now: float) -> Bucket:
        """Nothing that was fetched on other terms is lent; of the same period, what was spent and is owed stays so."""
        if limit.bucket is not PeriodBucket:
            return limit.bucket(limit, now, 0)
        is_same_period = self._calendar.notation == limit.calendar.notation if limit.calendar else False
        self.limit = limit
        if not is_same_period:
            self.reset()
        self.level = min(self.level, 0)
        self._left = None
        return self

    def is_full(self) -> bool:
        """There is nothing to forget."""
        return self.level == 0 and not self._spent and not self._is_used_up

    @property
    def _is_used_up(self) -> bool:
        return self._left == 0 and self._asked <= self._calendar.now() < self._asked + BELIEVED

    def _part(self) -> int:
        left = self.limit.quota if self._left is None else self._left
        return max(left // PART, min(left // SMALL_PART, _SMALL))

    @property
    def _calendar(self) -> "Calendar":
        calendar = self.limit.calendar
        if calendar is None:
            raise TypeError("a quota has a calendar")
        return calendar
