"""A turn of the event loop is measured from one tick to the next turn, and one slow turn is not overload."""

import asyncio
from pathlib import Path

import pytest

from hotgate.observe.histogram import Histogram
from hotgate.runtime.worker_process.allowed_memory import allowed_bytes
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


def groups(folder: Path, own: str, **bounds: str) -> int | None:
    (folder / "own").write_text(own)
    for name, bound in bounds.items():
        file = folder / "fs" / name.replace("__", ".").replace("_0_", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(bound)
    return allowed_bytes(folder / "own", folder / "fs")


def test_the_bound_of_a_group(tmp_path: Path) -> None:
    assert groups(tmp_path, "0::/a/b\n", a_0_b_0_memory__max="4096\n", a_0_memory__max="max\n") == 4096


def test_the_bound_of_a_group_above(tmp_path: Path) -> None:
    assert groups(tmp_path, "0::/a/b\n", a_0_b_0_memory__max="max\n", a_0_memory__max="2048\n") == 2048


def test_in_a_container_the_root_is_its_own(tmp_path: Path) -> None:
    assert groups(tmp_path, "0::/../elsewhere\n", memory__max="1024\n") == 1024


def test_the_first_version(tmp_path: Path) -> None:
    own = "9:cpu:/x\n4:memory:/x\n"
    unbounded = {"memory_0_x_0_memory__limit_in_bytes": str(2**63 - 4096)}
    assert groups(tmp_path, own, **unbounded) is None
    assert groups(tmp_path, own, memory_0_memory__limit_in_bytes="512") == 512


def test_without_groups(tmp_path: Path) -> None:
    assert allowed_bytes(tmp_path / "none", tmp_path) is None
