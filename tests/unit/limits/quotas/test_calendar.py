"""When periods begin and end."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hotgate.limits.quotas.calendar import Calendar


def period(notation: str, moment: str) -> list[str]:
    """Of a local moment; as local moments with their offset."""
    zone = ZoneInfo(notation.partition("@")[2])
    at = datetime.fromisoformat(moment).replace(tzinfo=zone).timestamp()
    return [datetime.fromtimestamp(each, zone).isoformat() for each in Calendar(notation).period(at)]


@pytest.mark.parametrize(
    ("notation", "moment", "begins", "ends"),
    [
        ("day@UTC", "2026-11-26T12:00", "2026-11-26T00:00:00+00:00", "2026-11-27T00:00:00+00:00"),
        ("day@UTC", "2026-12-31T23:59:59", "2026-12-31T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("day@Europe/Berlin", "2026-03-29T12:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("day@Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        # midnight is skipped: the day begins at one
        ("day@America/Havana", "2026-03-08T12:00", "2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00"),
        # midnight comes twice: the day begins at the first one
        ("day@America/Havana", "2026-11-01T12:00", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"),
        ("month/1@UTC", "2028-02-29T12:00", "2028-02-01T00:00:00+00:00", "2028-03-01T00:00:00+00:00"),
        ("month/1@UTC", "2026-12-15T12:00", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("month/15@UTC", "2026-01-14T23:59:59", "2025-12-15T00:00:00+00:00", "2026-01-15T00:00:00+00:00"),
        ("month/15@UTC", "2026-01-15T00:00:00", "2026-01-15T00:00:00+00:00", "2026-02-15T00:00:00+00:00"),
        # a month that is too short begins on its last day
        ("month/31@UTC", "2026-02-27T12:00", "2026-01-31T00:00:00+00:00", "2026-02-28T00:00:00+00:00"),
        ("month/31@UTC", "2026-02-28T12:00", "2026-02-28T00:00:00+00:00", "2026-03-31T00:00:00+00:00"),
        ("month/30@UTC", "2028-02-29T00:00", "2028-02-29T00:00:00+00:00", "2028-03-30T00:00:00+00:00"),
        ("month/1@Europe/Berlin", "2026-03-31T12:00", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"),
        ("days/30/2026-01-01@UTC", "2026-01-30T12:00", "2026-01-01T00:00:00+00:00", "2026-01-31T00:00:00+00:00"),
        ("days/30/2026-01-01@UTC", "2025-12-31T12:00", "2025-12-02T00:00:00+00:00", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_a_period_of_the_calendar(notation: str, moment: str, begins: str, ends: str) -> None:
    assert period(notation, moment) == [begins, ends]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Havana", "Pacific/Apia", "Australia/Lord_Howe"])
@pytest.mark.parametrize("of", ["day", "month/1", "month/31", "days/7/2026-01-01"])
def test_every_moment_is_in_one_period_and_periods_meet(of: str, zone: str) -> None:
    chance = random.Random(of + zone)
    for _ in range(300):
        at = chance.uniform(1.3e9, 2.2e9)
        begins, ends = Calendar(f"{of}@{zone}").period(at)
        assert begins <= at < ends
        assert Calendar(f"{of}@{zone}").period(ends)[0] == ends
        assert Calendar(f"{of}@{zone}").period(begins - 0.001)[1] == begins


def test_the_time_that_is_left() -> None:
    noon = datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert Calendar("day@UTC", noon.timestamp).seconds_left() == timedelta(hours=12).total_seconds()


@pytest.mark.parametrize(
    "notation",
    [
        *("", "day", "week@UTC", "month/0@UTC", "month/32@UTC", "days/0/2026-01-01@UTC", "days/30/2026-02-30@UTC"),
        *("day@Nowhere/Land", "day@../../etc/passwd", "day@/etc/localtime", "day@", "days/10000/2026-01-01@UTC"),
    ],
)
def test_what_does_not_exist_is_refused(notation: str) -> None:
    with pytest.raises(ValueError, match=r"no such period|no time zone|day"):
        Calendar(notation)
