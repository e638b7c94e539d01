"""The minimum rate: what counts, and what does not."""

from hotgate.edge.pace import Pace


def test_every_byte_buys_time() -> None:
    pace = Pace(100.0)
    assert not pace.is_too_slow(0, 10, 5.0, 105.0)
    assert pace.is_too_slow(0, 10, 5.0, 105.25)
    assert not pace.is_too_slow(10, 10, 5.0, 106.0)
    assert pace.is_too_slow(10, 10, 5.0, 106.25)


def test_time_in_which_it_is_held_does_not_count() -> None:
    pace = Pace(0.0)
    assert not pace.is_too_slow(0, 10, 5.0, 4.0)
    assert not pace.is_too_slow(0, 10, 5.0, 1000.0, is_held=True)
    assert not pace.is_too_slow(0, 10, 5.0, 1001.0)
    assert pace.is_too_slow(0, 10, 5.0, 1002.0)


def test_no_rate() -> None:
    assert not Pace(0.0).is_too_slow(0, 0, 0.0, 1e9)
