"""Hints on keys that a mapping may not have."""

from hotgate.config.known_keys import KnownKeys
from hotgate.config.settings import Settings


class ByDays(Settings):
    """One way."""

    days: int


class ByMonth(Settings):
    """The other."""

    month: int


class Period(Settings):
    """Either."""

    per: ByDays | ByMonth


def test_a_key_of_another_form_is_not_suggested_in_its_own_place() -> None:
    known = KnownKeys(Period)
    assert known.suggestion(("per", "days")) == "it does not go together with the other keys here"
    assert known.suggestion(("per", "dais")) == "did you mean 'days'?"
    assert known.suggestion(("per", "x")) == "known keys: days, month"
