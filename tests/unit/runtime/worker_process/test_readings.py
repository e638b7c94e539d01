"""A turn of the event loop is measured from one tick to the next turn, and one slow turn is not overload."""

import asyncio

import pytest

from hotgate.observe.histogram import Histogram
from hotgate.runtime.worker_process.readings import Readings


def lag_after(*turns: float) -> float:
    """turns: how long each measured turn took, by a clock that stands still otherwise."""
    now = 0.0

    async def script() -> float:
        nonlocal now
        lags = Histogram()
        readings = Readings(asyncio.get_running_loop(), lags, lambda: now)
        for seconds in turns:
            readings.begin()
            await asyncio.sleep(0)
            now += seconds
            await asyncio.sleep(0)
            now += 100.0  # between two measurements
        assert sum(lags.counts) == len(turns)
        return readings.loop_lag

    return asyncio.run(script())


def test_several_slow_turns() -> None:
    assert lag_after(0.5, 0.4, 0.6) == pytest.approx(0.4)


def test_one_slow_turn() -> None:
    assert lag_after(0.5, 0.0, 0.5) == 0.0


def test_before_there_were_enough() -> None:
    assert lag_after(5.0, 5.0) == 0.0


def test_memory_is_that_of_this_process() -> None:
    loop = asyncio.new_event_loop()
    assert Readings(loop, Histogram()).memory > 1 << 20
    loop.close()
