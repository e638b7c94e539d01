"""Connections that were opened together do not end together, and none lives longer than allowed."""

from hotgate.upstream.lifetime import Lifetime


def test_ends_are_spread_over_a_tenth() -> None:
    lifetime = Lifetime(idle=100.0, age=1000.0)
    ends = {lifetime.retires_at(5.0) for _ in range(200)}
    assert 905 <= min(ends) < 930
    assert 980 < max(ends) <= 1005
    assert all(90 <= lifetime.some_idle <= 100 for _ in range(200))
