import os
from pathlib import Path

import pytest

from hotgate.runtime.folders.control_lock import AlreadyRunning, ControlLock


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    with ControlLock(tmp_path / "lock"):
        with pytest.raises(AlreadyRunning) as refused:
            ControlLock(tmp_path / "lock").acquire()
        assert refused.value.pid == os.getpid()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with ControlLock(tmp_path / "lock"):
            assert int((tmp_path / "lock").read_text()) == os.getpid()


def test_what_a_dead_holder_wrote_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("x" * 1000)
    with ControlLock(tmp_path / "lock"):
        assert int((tmp_path / "lock").read_text()) == os.getpid()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        ControlLock(tmp_path / "lock").acquire()
    assert not (tmp_path / "elsewhere").exists()


def test_a_successor_shares_the_lock_until_both_are_gone(tmp_path: Path) -> None:
    first, second = ControlLock(tmp_path / "lock"), ControlLock(tmp_path / "lock")
    first.acquire()
    second.inherit(os.dup(first.descriptor))  # as a child process inherits it
    first.release()
    with pytest.raises(AlreadyRunning):
        ControlLock(tmp_path / "lock").acquire()
    with second:
        second.claim()
        assert int((tmp_path / "lock").read_text()) == os.getpid()
    ControlLock(tmp_path / "lock").acquire()


def test_the_lock_of_another_gateway_is_not_inherited(tmp_path: Path) -> None:
    (tmp_path / "two").touch()
    with ControlLock(tmp_path / "one") as one, pytest.raises(OSError, match="runtime_dir cannot change"):
        ControlLock(tmp_path / "two").inherit(one.descriptor)
