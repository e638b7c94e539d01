"""Pressure rises quickly, falls slowly, and does not flutter."""

from hotgate.limits.concurrency.pressure import Pressure, Span

SPAN = Span(10.0, 20.0)


def levels(*values: float) -> list[float]:
    pressure = Pressure()
    found = []
    for value in values:
        pressure.measured(value, SPAN)
        found.append(round(pressure.level, 2))
    return found


def test_it_follows_what_is_measured() -> None:
    assert levels(5, 12, 12, 14) == [0.0, 0.2, 0.2, 0.4]


def test_it_rises_step_by_step() -> None:
    assert levels(1000, 1000, 1000, 1000, 1000) == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_it_falls_slowly() -> None:
    assert levels(12, 0, 0, 0, 0, 0) == [0.2, 0.15, 0.1, 0.05, 0.0, 0.0]


def test_what_has_begun_ends_well_below_its_beginning() -> None:
    pressure = Pressure()
    seen = []
    for value in (9, 10, 9, 8, 7.9, 9, 10):
        pressure.measured(value, SPAN)
        seen.append(pressure.is_active)
    assert seen == [False, True, True, True, False, False, True]
