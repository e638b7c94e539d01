"""When a quota begins anew: each day, each month from some day of it, or every so many days, in a time zone.

A period begins at midnight, or where the clocks skip midnight, at the moment when they do. A month that is too short
for its day begins on its last one, as bills do.
"""

import re
import time
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_NOTATION = re.compile(r"(day|month/([1-9]|[12][0-9]|3[01])|days/([1-9][0-9]{0,3})/([0-9]{4}-[0-9]{2}-[0-9]{2}))@(.+)")


class Calendar:
    """notation: `day@ZONE`, `month/15@ZONE` from the 15th, or `days/30/2026-01-01@ZONE`. now: seconds since the epoch.

    Raises ValueError for a notation, date or time zone that does not exist.
    """

    def __init__(self, notation: str, now: Callable[[], float] = time.time) -> None:
        match = _NOTATION.fullmatch(notation)
        if match is None:
            raise ValueError("no such period")
        self.notation = notation
        self.now = now
        self._day_of_month = int(match[2] or 0)
        self._days = int(match[3] or 1)
        self._from = date.fromisoformat(match[4] or "1970-01-01")
        self._zone = _zone(match[5])
        self._known = (0.0, 0.0)

    def period(self, at: float) -> tuple[float, float]:
        """Beginning and end, in seconds since the epoch, of the period that a moment is in."""
        if not self._known[0] <= at < self._known[1]:
            day = datetime.fromtimestamp(at, self._zone).date()
            begins = self._begins(day)
            self._known = self._moment(begins), self._moment(self._next(begins))
        return self._known

    def seconds_left(self) -> float:
        """Until the period of this moment ends."""
        now = self.now()
        return self.period(now)[1] - now

    def _begins(self, day: date) -> date:
        if self._day_of_month:
            begins = self._in_month(day.year, day.month)
            return begins if begins <= day else self._in_month(*_month_before(day))
        return day - timedelta(days=(day - self._from).days % self._days)

    def _next(self, begins: date) -> date:
        if self._day_of_month:
            return self._in_month(*_month_after(begins))
        return begins + timedelta(days=self._days)

    def _in_month(self, year: int, month: int) -> date:
        return date(year, month, min(self._day_of_month, monthrange(year, month)[1]))

    def _moment(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


@lru_cache(maxsize=1024)
def calendar_of(notation: str, now: Callable[[], float]) -> Calendar:
    """The same calendar for the same notation. Raises ValueError."""
    return Calendar(notation, now)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"there is no time zone {name!r} on this machine") from None


def _month_before(day: date) -> tuple[int, int]:
    return (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)


def _month_after(day: date) -> tuple[int, int]:
    return (day.year, day.month + 1) if day.month < 12 else (day.year + 1, 1)
