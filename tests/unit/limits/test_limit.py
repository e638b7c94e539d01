"""The figures of a limit."""

import pytest

from hotgate.limits.limit import Limit


def test_a_bucket_holds_the_quota_unless_a_burst_is_given() -> None:
    assert Limit("s", quota=100, window=60).capacity == 100
    limit = Limit("s", quota=100, window=60, burst=10)
    assert limit.capacity == 10
    assert limit.fill_time == pytest.approx(6)


def test_the_window_is_told_in_whole_seconds() -> None:
    assert Limit("s", quota=1, window=0.5).window_seconds == 1


@pytest.mark.parametrize(
    ("quota", "window", "burst"), [(0, 1, None), (1, 0, None), (1, -1, None), (1, float("inf"), None), (1, 1, 0)]
)
def test_nonsense_is_refused(quota: int, window: float, burst: int | None) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Limit("s", quota=quota, window=window, burst=burst)


def test_a_definition_survives_a_message() -> None:
    for limit in (Limit("s", quota=100, window=60, burst=7), Limit("s", quota=100, window=60, kind="window")):
        assert limit.is_like(Limit.from_definition("s", limit.definition()))


@pytest.mark.parametrize(("kind", "burst"), [("window", 7), ("?", None), ("", None)])
def test_an_unknown_kind_and_a_burst_of_a_window_are_refused(kind: str, burst: int | None) -> None:
    with pytest.raises(ValueError, match="kind"):
        Limit("s", quota=100, window=60, burst=burst, kind=kind)
